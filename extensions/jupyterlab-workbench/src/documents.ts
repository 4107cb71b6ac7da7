// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

/** A kind of card in a partition; `waits` says of `pending_reasons` what they mean. */
export interface IAccelerator {
  name: string;
  vendor: string;
  model: string;
  memory_bytes: number | null;
  per_node: number;
  cards: ICardTotals;
  pending_jobs: number;
  pending_reasons: { [name: string]: number };
  waits: IPendingReason[];
  start: IPoolStart | null;
  price_per_hour: number | null;
  power_w: number | null;
}

/** A card that a worker holds. */
export interface ICard {
  vendor: string;
  model: string;
  index: number | null;
  uuid: string | null;
}

/** Cards of one kind: free + allocated + out_of_service = total; `mine` are allocated ones. */
export interface ICardTotals {
  total: number;
  free: number;
  allocated: number;
  out_of_service: number;
  mine: number;
  stranded: number;
}

/** Every recipe. */
export interface ICatalogue {
  recipes: IRecipeSummary[];
  problems: IPackProblem[];
}

/** What is wrong with values, and what a run of them would mean. */
export interface ICheckAnswer {
  problems: IField[];
  items: number;
  bytes: number;
}

/** Values to look at. */
export interface ICheckRequest {
  values: { [name: string]: any };
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

/** What one of a run's clusters does for it; `rate` in tasks a second. */
export interface IClusterShare {
  name: string;
  workers: number;
  tasks_done: number;
  rate: number | null;
  problem: string;
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

/** What starts a run with the same values. */
export interface ICode {
  shell: string;
  python: string;
}

/** Python that connects a notebook: with the workbench installed there, and with Dask alone. */
export interface IConnectCode {
  workbench: string;
  dask: string;
}

/** A path of the file browser. */
export interface IContentsPath {
  path: string;
}

/** Whether to keep the result. */
export interface IDeleteQuery {
  keep_result?: boolean;
}

/** A file on the server's disk. */
export interface IDiskFile {
  path: string;
  name: string;
  bytes: number;
}

/** The process that drives a run. */
export interface IDriver {
  host: string;
  pid: number;
  epoch: number;
  job_id: string | null;
}

/** An estimate; null on this computer, and where the scheduler makes none. */
export interface IEstimateAnswer {
  problems: IField[];
  start: IStartEstimate | null;
}

/** A working set of values. */
export interface IExample {
  name: string;
  title: string;
  values: { [name: string]: any };
}

/** An error: what was asked, what is there, what to do. */
export interface IFailure {
  code: string;
  message: string;
  fields: IField[];
}

/** One wrong value. */
export interface IField {
  parameter: string;
  message: string;
}

/** Names of a run's figures; `stamp` changes when they have been drawn anew. */
export interface IFigures {
  names: string[];
  stamp: string;
}

/** How to resume or retry. */
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

/** One item of a run. */
export interface IItem {
  stage: string;
  index: number;
  name: string;
  state: 'done' | 'failed' | 'not_run';
  code: string;
  message: string;
  attempts: number;
  host: string;
}

/** Items of all stages by state. */
export interface IItemCounts {
  not_run: number;
  done: number;
  failed: number;
}

/** Items of a run by state. */
export interface IItems {
  total: number;
  done: number;
  failed: number;
  not_run: number;
}

/** A page of the items. */
export interface IItemsPage {
  items: IItem[];
  offset: number;
  total: number;
  counts: IItemCounts;
}

/** Which items. */
export interface IItemsQuery {
  state?: 'done' | 'failed' | 'not_run' | '';
  offset?: number;
  limit?: number;
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

/** Bytes `start` to `stop` of a log of `size` bytes. */
export interface ILogPiece {
  text: string;
  start: number;
  stop: number;
  size: number;
}

/** Where to begin; negative: so many bytes before the end. */
export interface ILogQuery {
  from?: number;
}

/** Nodes of a partition by state. */
export interface INodeTotals {
  total: number;
  idle: number;
  mixed: number;
  allocated: number;
  out_of_service: number;
}

/** Where to write a notebook: a folder of the file browser. */
export interface INotebookRequest {
  folder?: string;
}

/** A result variable. */
export interface IOutput {
  name: string;
  kind: 'dense' | 'rows' | 'file';
  dtype: string;
  unit: string;
  long_name: string;
  source: string;
  dims: string[];
  columns?: IOutput[];
}

/** The batch job in which a cluster's process runs. */
export interface IOwnJob {
  name: string;
  job_id: string | null;
}

/** A pack that cannot be used, and why. */
export interface IPackProblem {
  pack: string;
  message: string;
}

/** A partition; that of the scheduler ``local`` is this computer. */
export interface IPartition {
  name: string;
  title: string;
  scheduler: string;
  time_limit_s: number | null;
  default_time_s: number | null;
  up: boolean;
  default: boolean;
  accounts: string[];
  cpus: number;
  memory_bytes: number;
  nodes: INodeTotals;
  accelerators: IAccelerator[];
  pending_jobs: number;
}

/** Why jobs wait: the scheduler's word, what it means, and for how many it stands. */
export interface IPendingReason {
  reason: string;
  plain: string;
  jobs: number;
}

/** Everything that can be computed on; `stale`: a scheduler did not answer lately. */
export interface IPool {
  scheduler: string;
  collected: string;
  age_s: number;
  stale: boolean;
  problems: string[];
  partitions: IPartition[];
}

/** When a job of so many cards would start, by the word of `source`; `at` null: not told. */
export interface IPoolStart {
  at: string | null;
  cards: number;
  source: string;
  collected: string;
  refused: string | null;
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

/** Everything about a recipe; `form` is the JSON Schema of its parameters for a form. */
export interface IRecipePage {
  id: string;
  version: string;
  title: string;
  question: string;
  field: string;
  pack: string;
  form: { [name: string]: any };
  outputs: IOutput[];
  references: string[];
  examples: IExample[];
}

/** A recipe in the catalogue. */
export interface IRecipeSummary {
  id: string;
  version: string;
  title: string;
  question: string;
  field: string;
  pack: string;
}

/** A page of the table. */
export interface IRows {
  columns: ITableColumn[];
  rows: any[][];
  offset: number;
  total: number;
  unfiltered: number;
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

/** The script of each of a cluster's `jobs`; null where there are problems or no jobs. */
export interface IScriptAnswer {
  problems: IField[];
  script: string | null;
  jobs: number;
  workers_per_job: number;
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

/** When the first job would start, by the word of `source` of the scheduler `title`.

`refused` says why it could not start at all, `words` are the scheduler's own. */
export interface IStartEstimate {
  at: string | null;
  title: string;
  source: string;
  words: string;
  refused: string | null;
  collected: string | null;
  age_s: number | null;
}

/** A column of the table. */
export interface ITableColumn {
  name: string;
  unit: string;
  long_name: string;
  kind: 'text' | 'integer' | 'number' | 'flag';
}

/** Which rows, in which order: ``sort=-score``, ``filter=evalue<1e-5`` (several). */
export interface ITableQuery {
  sort?: string;
  filter?: string[];
  offset?: number;
  limit?: number;
}

/** Name of an uploaded file. */
export interface IUploadQuery {
  name: string;
}

/** A worker. */
export interface IWorkerProcess {
  name: string;
  host: string;
  pid: number;
  job_id: string | null;
  card: ICard | null;
}
