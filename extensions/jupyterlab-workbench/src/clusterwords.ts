import type { ICluster, IClusterJob, IClusterWorkers } from './documents';
import { count, duration, when } from './words';

const LIVING = ['starting', 'running', 'stopping'];
const LIVING_JOBS = [
  'submitted',
  'pending',
  'starting',
  'connected',
  'finishing'
] as const;

/** The name of this computer's partition. */
export const LOCAL = 'local';

/** Whether a cluster holds anything. */
export function isLiving(cluster: ICluster): boolean {
  return LIVING.includes(cluster.state);
}

/** Whether it died and its jobs may still hold what others wait for. */
export function leftJobs(cluster: ICluster): boolean {
  const { job_counts: jobs, state } = cluster;
  return state === 'failed' && LIVING_JOBS.some(one => jobs[one] > 0);
}

/** Whether there is something to stop. */
export function canStop(cluster: ICluster): boolean {
  return ['running', 'starting'].includes(cluster.state) || leftJobs(cluster);
}

/** Whether its state will change by itself within seconds. */
export function isUnsettled(cluster: ICluster): boolean {
  const { asked, connected } = cluster.workers;
  return cluster.state === 'running' ? connected !== asked : isLiving(cluster);
}

/** "1 worker", "16 workers". */
export function workers(n: number): string {
  return `${count(n)} worker${n === 1 ? '' : 's'}`;
}

/** The state of a cluster as a person says it. */
export function clusterWords(cluster: ICluster): string {
  const { asked, connected } = cluster.workers;
  switch (cluster.state) {
    case 'starting':
      return 'Starting';
    case 'running':
      return asked === connected
        ? `Running, ${connected ? workers(connected) : 'no worker needed now'}`
        : `Running, ${count(connected)} of ${workers(asked)} connected`;
    case 'stopping':
      return 'Stopping';
    case 'stopped':
      return 'Stopped';
    case 'failed':
      return 'Failed';
  }
}

/** "4", or "grows and shrinks between 1 and 8". */
export function sizeWords(size: IClusterWorkers): string {
  return size.min === size.max
    ? workers(size.max)
    : `grows and shrinks between ${count(size.min)} and ${workers(size.max)}`;
}

/** "16 × dcu:k100 in dcu", "This computer". */
export function whereWords(cluster: ICluster): string {
  const place =
    cluster.partition === LOCAL ? 'This computer' : cluster.partition;
  const card = cluster.accelerator ?? 'no card';
  const { min, max } = cluster.workers;
  const size = min === max ? count(max) : `${count(min)} to ${count(max)}`;
  if (cluster.accelerator === null && cluster.partition === LOCAL) {
    return place;
  }
  return `${size} × ${card}, ${place}`;
}

/** States of jobs as a person says them. */
export const JOB_WORDS: { [state in IClusterJob['state']]: string } = {
  submitted: 'submitted',
  pending: 'pending',
  starting: 'starting',
  connected: 'connected',
  finishing: 'finishing',
  failed: 'failed',
  gone: 'ended'
};

/** When a cluster that nobody uses ends itself. */
export function endsWords(cluster: ICluster): string {
  if (cluster.state !== 'running' || !cluster.idle_ends) {
    return '';
  }
  const left = (Date.parse(cluster.idle_ends) - Date.now()) / 1000;
  return `idle, stops in ${duration(left)}`;
}

/** Whether a job would start at once. */
export function startsNow(start: {
  at: string | null;
  refused: string | null;
}): boolean {
  return !start.refused && start.at !== null && isSoon(start.at);
}

function isSoon(time: string): boolean {
  return Date.parse(time) - Date.now() < 60_000;
}

/** When a job would start: whose word that is, and how old. */
export function startWords(start: {
  at: string | null;
  source: string;
  collected: string | null;
}): string {
  const age = start.collected
    ? `, ${duration((Date.now() - Date.parse(start.collected)) / 1000)} ago`
    : '';
  const told = `${start.source}${age}`;
  if (start.at === null) {
    return `not told (${told})`;
  }
  return `${isSoon(start.at) ? 'now' : when(start.at)} (${told})`;
}
