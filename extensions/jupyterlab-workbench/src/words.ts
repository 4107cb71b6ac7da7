import type { IRun } from './documents';

const LIVE = ['queued', 'starting', 'running', 'waiting', 'stopping'];
const SIZES = ['B', 'kB', 'MB', 'GB', 'TB'];

/** The states of runs that go on. */
export const LIVE_STATES = LIVE.join(',');

/** Whether a run goes on by itself. */
export function isLive(state: string): boolean {
  return LIVE.includes(state);
}

/** A number with its thousands apart. */
export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** "1 item", "5 items". */
export function items(n: number): string {
  return `${count(n)} item${n === 1 ? '' : 's'}`;
}

/** Bytes as people say them. */
export function size(bytes: number): string {
  let [n, unit] = [bytes, 0];
  // What would be said as 1000 belongs to the next unit.
  while (n >= 999.5 && unit < SIZES.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${Number(n.toPrecision(3))} ${SIZES[unit]}`;
}

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 90) {
    return `${Math.max(0, Math.round(seconds))} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) {
    return `${Math.round(hours / 24)} days`;
  }
  const rest = minutes % 60;
  return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

/** When something was, from now. */
export function when(time: string): string {
  const then = new Date(time);
  const today = new Date();
  const clock = then.toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit'
  });
  return then.toDateString() === today.toDateString()
    ? clock
    : `${then.toLocaleDateString()} ${clock}`;
}

/** How far a run is, from 0 to 1. */
export function fraction(run: IRun): number {
  const { total, done, failed } = run.items;
  return total ? (done + failed) / total : 0;
}

/** The state of a run, as a person says it. */
export function stateWords(run: IRun): string {
  const { total, done, failed } = run.items;
  switch (run.state) {
    case 'queued':
      return 'Starting';
    case 'starting':
      return 'Waiting for workers';
    case 'running':
      return `Running, ${count(done)} of ${count(total)}`;
    case 'waiting':
      return 'Waiting';
    case 'stopping':
      return 'Stopping';
    case 'stopped':
      return `Stopped, ${count(done)} of ${count(total)} done`;
    case 'interrupted':
      return `Interrupted, ${count(done)} of ${count(total)} done`;
    case 'failed':
      return 'Failed';
    case 'completed':
      return `Finished, ${items(total)}`;
    case 'completed_with_failures':
      return `Finished, ${count(failed)} of ${count(total)} failed`;
  }
}

/** "local" is this computer. */
export function place(cluster: string): string {
  return cluster === 'local' ? 'This computer' : cluster;
}
