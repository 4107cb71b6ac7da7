// Made by tools/typescript_types.py from jupyterlab_workbench/documents.py: change it there.

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

/** A pack that cannot be used, and why. */
export interface IPackProblem {
  pack: string;
  message: string;
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
  picture?: string;
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
  picture?: string;
}

/** How to compute failed items again; `items` says which, by stage, all when left out. */
export interface IRetryRequest {
  accept_code?: boolean;
  items?: { [name: string]: number[] } | null;
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

/** Progress of a stage. */
export interface IStage {
  name: string;
  round: number;
  tasks: number;
  tasks_done: number;
  tasks_failed: number;
  keys_sha256: string;
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
