import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { CatalogueModel } from './models/catalogue';
import type { ClustersModel } from './models/clusters';
import type { LiveModel } from './models/live';
import type { PoolModel } from './models/pool';
import type { RunsModel } from './models/runs';
import type { Rest } from './rest';

/** What the workbench's parts share. */
export interface IWorkbench {
  readonly rest: Rest;
  readonly catalogue: CatalogueModel;
  readonly runs: RunsModel;
  readonly live: LiveModel;
  readonly clusters: ClustersModel;
  readonly pool: PoolModel;
  /** Emitted when runs have begun, ended or gone, whoever did it. */
  readonly news: ISignal<object, void>;
}

export const IWorkbench = new Token<IWorkbench>(
  'jupyterlab-science-workbench:IWorkbench',
  'Recipes, runs, clusters and pool of the science workbench.'
);

/** Commands, for the palette, for other extensions and for links. */
export namespace CommandIDs {
  export const openPanel = 'workbench:open-panel';
  export const openRecipe = 'workbench:open-recipe';
  export const openRun = 'workbench:open-run';
  export const allowNotices = 'workbench:allow-notices';
  export const openCluster = 'workbench:open-cluster';
  export const openDashboard = 'workbench:open-dashboard';
  export const launchCluster = 'workbench:launch-cluster';
  export const openPool = 'workbench:open-pool';
  export const openLink = 'workbench:open-link';
}
