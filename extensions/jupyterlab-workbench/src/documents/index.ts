// Made by tools/typescript_types.py from jupyterlab_workbench/documents: change it there.

export * from './base';
export * from './recipes';
export * from './runs';
export * from './results';
export * from './pool';
export * from './clusters';
