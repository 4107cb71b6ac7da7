import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { CatalogueModel } from '../models/catalogue';
import { ClustersModel } from '../models/clusters';
import { LiveModel } from '../models/live';
import { PoolModel } from '../models/pool';
import { RunsModel } from '../models/runs';
import { Rest } from '../rest';
import { IWorkbench } from '../tokens';

/** The models that everything else reads. */
export const core: JupyterFrontEndPlugin<IWorkbench> = {
  id: 'jupyterlab-science-workbench:core',
  description: 'Recipes, runs, clusters and pool of the science workbench.',
  autoStart: true,
  provides: IWorkbench,
  optional: [IStateDB],
  activate: (app, state: IStateDB | null): IWorkbench => {
    const rest = new Rest(app.serviceManager.serverSettings);
    const live = new LiveModel(rest, state);
    void app.restored.then(async () => {
      await live.restore();
      live.hold();
    });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') {
        void live.refresh();
      }
    });
    return {
      rest,
      live,
      catalogue: new CatalogueModel(rest),
      runs: new RunsModel(rest),
      clusters: new ClustersModel(rest),
      pool: new PoolModel(rest)
    };
  }
};
