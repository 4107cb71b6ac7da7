import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { Signal } from '@lumino/signaling';
import { CatalogueModel } from '../models/catalogue';
import { ClustersModel } from '../models/clusters';
import { LiveModel } from '../models/live';
import type { PolledModel } from '../models/polled';
import { PoolModel } from '../models/pool';
import { RunsModel } from '../models/runs';
import { Rest } from '../rest';
import { IWorkbench } from '../tokens';

const NEWS = 'urn:jupyterlab-science-workbench:runs';

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
      // Not before it has learned what was going on at the last visit.
      if (document.visibilityState === 'visible' && live.isHeld) {
        void live.refresh();
      }
    });
    const runs = new RunsModel(rest);
    const clusters = new ClustersModel(rest);
    follow(live, [runs, clusters]);
    const news = new Signal<object, void>(live);
    app.serviceManager.events.stream.connect((_, { schema_id }) => {
      if (schema_id === NEWS) {
        news.emit();
      }
    });
    news.connect(() => lookAnew([live, runs]));
    return {
      news,
      rest,
      live,
      catalogue: new CatalogueModel(rest),
      runs,
      clusters,
      pool: new PoolModel(rest)
    };
  }
};

/** Ask for those that somebody looks at. */
function lookAnew(models: PolledModel[]): void {
  for (const model of models.filter(one => one.isHeld)) {
    void model.refresh();
  }
}

/** Lists are asked for seldom; whenever a run has begun or ended, they are looked at anew. */
function follow(live: LiveModel, lists: PolledModel[]): void {
  let known = '';
  live.changed.connect(() => {
    const there = live.runs.map(run => run.run_id).join();
    if (there !== known) {
      known = there;
      lookAnew(lists);
    }
  });
}
