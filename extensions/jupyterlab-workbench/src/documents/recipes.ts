// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

import type { IField } from './base';

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

/** A path of the file browser. */
export interface IContentsPath {
  path: string;
}

/** A file on the server's disk. */
export interface IDiskFile {
  path: string;
  name: string;
  bytes: number;
}

/** A working set of values. */
export interface IExample {
  name: string;
  title: string;
  values: { [name: string]: any };
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

/** Name of an uploaded file. */
export interface IUploadQuery {
  name: string;
}
