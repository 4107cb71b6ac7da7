// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

import type { IField } from './base';

/** A card that a worker holds. */
export interface ICard {
  vendor: string;
  model: string;
  index: number | null;
  uuid: string | null;
}

/** A cluster in the list; `reason` says how it ended, `problem` what keeps it from growing.

`idle_ends` is when it ends itself, as long as it has nothing to do. */
export interface ICluster {
  name: string;
  state: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
  partition: string;
  accelerator: string | null;
  host: string;
  pid: number;
  folder: string;
  generation: number;
  workers: IClusterWorkers;
  job_counts: IJobCounts;
  memory_bytes: number | null;
  warnings: string[];
  problem: string;
  reason: string;
  runs: string[];
  idle_ends: string | null;
  own_job: IOwnJob | null;
  started: string;
}

/** A job: `reason` in the scheduler's words, `plain` the same for people. */
export interface IClusterJob {
  name: string;
  job_id: string | null;
  state: 'submitted' | 'pending' | 'starting' | 'connected' | 'finishing' | 'failed' | 'gone';
  reason: string | null;
  plain: string | null;
  start: string | null;
  exit: number | null;
  log_tail: string | null;
}

/** Where to begin, as in a run's log; `job`: that of one of its jobs, by id or name. */
export interface IClusterLogQuery {
  from?: number;
  job?: string;
}

/** Everything about one cluster.

`request` starts the same one again; `connect` and `dashboard` are there while it runs, the
dashboard as a path below ``<base_url>/workbench/api/``. */
export interface IClusterPage {
  name: string;
  state: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';
  partition: string;
  accelerator: string | null;
  host: string;
  pid: number;
  folder: string;
  generation: number;
  workers: IClusterWorkers;
  job_counts: IJobCounts;
  memory_bytes: number | null;
  warnings: string[];
  problem: string;
  reason: string;
  runs: string[];
  idle_ends: string | null;
  own_job: IOwnJob | null;
  started: string;
  worker_processes: IWorkerProcess[];
  jobs: IClusterJob[];
  request: IClusterRequest;
  connect: IConnectCode | null;
  dashboard: string | null;
}

/** A cluster to start; `between` is the smallest and the largest size, instead of `workers`. */
export interface IClusterRequest {
  name: string;
  partition?: string;
  accelerator?: string | null;
  workers?: number | null;
  between?: number[] | null;
  time_limit_s?: number | null;
  idle_timeout_s?: number | null;
}

/** Another size: a number, or the smallest and the largest. */
export interface IClusterSize {
  workers?: number | null;
  between?: number[] | null;
}

/** How many workers were asked for, between which bounds, and how many are there. */
export interface IClusterWorkers {
  asked: number;
  min: number;
  max: number;
  connected: number;
}

/** Every cluster that was ever started, by name. */
export interface IClusters {
  clusters: ICluster[];
}

/** Python that connects a notebook: with the workbench installed there, and with Dask alone. */
export interface IConnectCode {
  workbench: string;
  dask: string;
}

/** An estimate; null on this computer, and where the scheduler makes none. */
export interface IEstimateAnswer {
  problems: IField[];
  start: IStartEstimate | null;
}

/** Jobs of a cluster by state. */
export interface IJobCounts {
  submitted: number;
  pending: number;
  starting: number;
  connected: number;
  finishing: number;
  failed: number;
  gone: number;
}

/** The most workers on this computer, what each has, and where that is more than there is. */
export interface ILocalShare {
  workers: number;
  memory_bytes: number;
  warnings: string[];
}

/** The batch job in which a cluster's process runs. */
export interface IOwnJob {
  name: string;
  job_id: string | null;
}

/** The script of each of a cluster's `jobs`; null where there are problems or no jobs.

On this computer, where there are none, `local` says what its workers have. */
export interface IScriptAnswer {
  problems: IField[];
  script: string | null;
  jobs: number;
  workers_per_job: number;
  local: ILocalShare | null;
}

/** When the first job would start, by the word of `source` of the scheduler `title`.

`refused` says why no start is in sight, `words` are the scheduler's own. */
export interface IStartEstimate {
  at: string | null;
  title: string;
  source: string;
  words: string;
  refused: string | null;
  collected: string | null;
  age_s: number | null;
}

/** A worker. */
export interface IWorkerProcess {
  name: string;
  host: string;
  pid: number;
  job_id: string | null;
  card: ICard | null;
}
