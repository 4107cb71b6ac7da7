// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

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
