// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

/** What one of a run's clusters does for it; `rate` in tasks a second. */
export interface IClusterShare {
  name: string;
  workers: number;
  tasks_done: number;
  rate: number | null;
  problem: string;
}

/** What starts a run with the same values. */
export interface ICode {
  shell: string;
  python: string;
}

/** Whether to keep the result. */
export interface IDeleteQuery {
  keep_result?: boolean;
}

/** The process that drives a run. */
export interface IDriver {
  host: string;
  pid: number;
  epoch: number;
  job_id: string | null;
}

/** How to resume. */
export interface IGoOn {
  accept_code?: boolean;
}

/** An input file as it was at submit. */
export interface IInput {
  name: string;
  path: string;
  bytes: number;
  sha256: string | null;
  copied: boolean;
}

/** Items of a run by state. */
export interface IItems {
  total: number;
  done: number;
  failed: number;
  not_run: number;
}

/** With what a run was computed. */
export interface IProvenance {
  pack: string;
  code_hash: string;
  packages: { [name: string]: string };
  python: string;
  host: string;
  seed: number;
  like: string | null;
}

/** How to compute failed items again; `items` says which, by stage, all when left out. */
export interface IRetryRequest {
  accept_code?: boolean;
  items?: { [name: string]: number[] } | null;
}

/** A run in the list; `inputs` are names of files. */
export interface IRun {
  run_id: string;
  recipe: string;
  version: string;
  state: 'queued' | 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped' | 'interrupted' | 'failed' | 'completed' | 'completed_with_failures';
  folder: string;
  result: string | null;
  created: string;
  ended: string | null;
  items: IItems;
  clusters: string[];
  per_cluster: IClusterShare[];
  bytes: number;
  driver: IDriver | null;
  error: IRunFailure | null;
  message: string;
  notes: string[];
  left_s: number | null;
  workers: number;
  inputs: string[];
}

/** Why a run failed or waits. */
export interface IRunFailure {
  code: string;
  message: string;
}

/** Everything about one run. */
export interface IRunPage {
  run_id: string;
  recipe: string;
  version: string;
  state: 'queued' | 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped' | 'interrupted' | 'failed' | 'completed' | 'completed_with_failures';
  folder: string;
  result: string | null;
  created: string;
  ended: string | null;
  items: IItems;
  clusters: string[];
  per_cluster: IClusterShare[];
  bytes: number;
  driver: IDriver | null;
  error: IRunFailure | null;
  message: string;
  notes: string[];
  left_s: number | null;
  workers: number;
  inputs: string[];
  stages: IStage[];
  parameters: { [name: string]: any };
  input_files: IInput[];
  provenance: IProvenance;
  audit: { [name: string]: any } | null;
}

/** A run to start. */
export interface IRunRequest {
  recipe: string;
  values: { [name: string]: any };
  on?: string[];
  like?: string | null;
}

/** A page of the list; as long as not `complete`, some runs are still to be read. */
export interface IRuns {
  runs: IRun[];
  next: string | null;
  total: number;
  complete: boolean;
}

/** Which runs to list. */
export interface IRunsQuery {
  text?: string;
  state?: string;
  limit?: number;
  after?: string | null;
}

/** Progress of a stage. */
export interface IStage {
  name: string;
  round: number;
  tasks: number;
  tasks_done: number;
  tasks_failed: number;
  keys_sha256: string;
}
