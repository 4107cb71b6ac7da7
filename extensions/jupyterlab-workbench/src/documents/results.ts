// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

/** Names of a run's figures; `stamp` changes when they have been drawn anew. */
export interface IFigures {
  names: string[];
  stamp: string;
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

/** A page of the items, those of all stages together; `stages` counts them one by one. */
export interface IItemsPage {
  items: IItem[];
  offset: number;
  total: number;
  counts: IItemCounts;
  stages: IStageItems[];
}

/** Which items. */
export interface IItemsQuery {
  state?: 'done' | 'failed' | 'not_run' | '';
  offset?: number;
  limit?: number;
}

/** A page of the table. */
export interface IRows {
  columns: ITableColumn[];
  rows: any[][];
  offset: number;
  total: number;
  unfiltered: number;
  order: string[];
}

/** What one stage counts (its `dim`: structures, strains), by state. */
export interface IStageItems {
  stage: string;
  dim: string;
  counts: IItemCounts;
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
