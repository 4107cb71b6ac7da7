import type { JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { workbenchIcon } from '../icons';
import { ClusterModel } from '../models/clusters';
import { CommandIDs, type IWorkbench } from '../tokens';
import type { IGiven } from '../ui/launchpage';
import { place } from '../words';
import { OneByOne } from './onebyone';

// Ids of widgets: these, and the name of what they show.
export const CLUSTER = 'workbench-cluster-';
export const DASHBOARD = 'workbench-dashboard-';
const LAUNCH = 'workbench-launch';

type Tracker = WidgetTracker<MainAreaWidget>;

/** The open pages of clusters, each thing once. */
export class ClusterPages {
  constructor(
    private _app: JupyterFrontEnd,
    private _workbench: IWorkbench
  ) {}

  readonly clusters: Tracker = new WidgetTracker({
    namespace: 'workbench-cluster'
  });
  readonly dashboards: Tracker = new WidgetTracker({
    namespace: 'workbench-dashboard'
  });
  readonly launches: Tracker = new WidgetTracker({
    namespace: 'workbench-launch'
  });

  /** What stands in the launch form. */
  get draft(): IGiven {
    return this._draft;
  }

  /** Open the page of a cluster. */
  async openCluster(name: string): Promise<void> {
    await this._open(this.clusters, CLUSTER + name, place(name), async () => {
      const { ClusterWidget } = await import('../ui/clusterwidgets');
      const model = this._model(name);
      const content = new ClusterWidget({
        model,
        workbench: this._workbench,
        actions: this._actions(name)
      });
      return new MainAreaWidget({ content });
    });
  }

  /** Open the Dask dashboard of a cluster. */
  async openDashboard(name: string): Promise<void> {
    const title = `Dask: ${place(name)}`;
    await this._open(this.dashboards, DASHBOARD + name, title, async () => {
      const { dashboardWidget } = await import('../ui/clusterwidgets');
      const path = ['clusters', name, 'dashboard', 'status'];
      return dashboardWidget(this._model(name), this._workbench.rest.url(path));
    });
  }

  /** Open the launch form; what is given replaces what stands in it. */
  async openLaunch(given: IGiven): Promise<void> {
    if (Object.keys(given).length) {
      this.launches.find(one => one.id === LAUNCH)?.dispose();
    }
    await this._open(this.launches, LAUNCH, 'Launch a cluster', async () => {
      const { LaunchWidget } = await import('../ui/clusterwidgets');
      this._draft = given;
      const content = new LaunchWidget({
        workbench: this._workbench,
        given,
        keep: request => {
          this._draft = request;
          void this.launches.save(widget);
        },
        launched: cluster => {
          widget.dispose();
          void this.openCluster(cluster.name);
        }
      });
      const widget = new MainAreaWidget({ content });
      return widget;
    });
  }

  /** A cluster that is looked at; what is seen of it goes for the list, too. */
  private _model(name: string): ClusterModel {
    const { clusters, rest } = this._workbench;
    const model = new ClusterModel(rest, name);
    model.changed.connect(() => {
      const listed = clusters.clusters?.find(one => one.name === name);
      const state = model.cluster?.state;
      if (state && listed && listed.state !== state && clusters.isHeld) {
        void clusters.refresh();
      }
    });
    return model;
  }

  private _actions(name: string) {
    const { clusters } = this._workbench;
    const { commands } = this._app;
    const lazy = () => import('../ui/clusteractions');
    return {
      scale: async () => (await lazy()).scaleCluster(clusters, name),
      stop: async () => (await lazy()).stopCluster(clusters, name),
      again: (request: IGiven) => {
        void commands.execute(CommandIDs.launchCluster, { ...request } as any);
      },
      dashboard: () => {
        void commands.execute(CommandIDs.openDashboard, { name });
      },
      openRun: (id: string) => {
        void commands.execute(CommandIDs.openRun, { id });
      }
    };
  }

  private async _open(
    tracker: Tracker,
    id: string,
    label: string,
    make: () => Promise<MainAreaWidget>
  ): Promise<void> {
    await this._opening.run(id, async () => {
      if (!tracker.find(one => one.id === id)) {
        const widget = await make();
        widget.id = id;
        widget.title.label = label;
        widget.title.icon = workbenchIcon;
        widget.title.closable = true;
        widget.toolbar.hide();
        // Tracked first: a layout that is saved in between would forget it.
        void tracker.add(widget);
        this._app.shell.add(widget, 'main', { type: 'Workbench' });
      }
      this._app.shell.activateById(id);
    });
  }

  private _draft: IGiven = {};
  private _opening = new OneByOne();
}
