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

/** Cards of one kind: free + allocated + out_of_service = total; `mine` are allocated ones. */
export interface ICardTotals {
  total: number;
  free: number;
  allocated: number;
  out_of_service: number;
  mine: number;
  stranded: number;
}

/** Nodes of a partition by state. */
export interface INodeTotals {
  total: number;
  idle: number;
  mixed: number;
  allocated: number;
  out_of_service: number;
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
