import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { clusters } from './plugins/clusters';
import { cardmap } from './plugins/cardmap';
import { core } from './plugins/core';
import { links } from './plugins/links';
import { notices } from './plugins/notices';
import { pages } from './plugins/pages';
import { panel } from './plugins/panel';
import { running } from './plugins/running';
import { status } from './plugins/status';

export { IWorkbench } from './tokens';

const plugins: JupyterFrontEndPlugin<any>[] = [
  core,
  panel,
  pages,
  clusters,
  notices,
  status,
  running,
  links,
  cardmap
];

export default plugins;
