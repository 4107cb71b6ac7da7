import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { showErrorMessage } from '@jupyterlab/apputils';
import {
  IRunningSessionManagers,
  type IRunningSessions
} from '@jupyterlab/running';
import type { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { clusterWords, isLiving } from '../clusterwords';
import type { ICluster, IRun } from '../documents';
import { workbenchIcon } from '../icons';
import type { PolledModel } from '../models/polled';
import { CommandIDs, IWorkbench } from '../tokens';
import { place, stateWords } from '../words';

/** Runs and clusters that go on, in JupyterLab's own panel of what is running. */
export const running: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:running',
  description:
    'Lists runs and clusters of the science workbench among the running sessions.',
  autoStart: true,
  requires: [IWorkbench, IRunningSessionManagers],
  activate: (app, workbench: IWorkbench, managers: IRunningSessionManagers) => {
    managers.add(runs(workbench, app.commands));
    managers.add(clusters(workbench, app.commands));
  }
};

function runs(
  { live, rest, catalogue }: IWorkbench,
  commands: CommandRegistry
): IRunningSessions.IManager {
  const stop = async (run: IRun) => {
    await rest.post(['runs', run.run_id, 'stop']);
    await live.refresh();
  };
  const item = (run: IRun): IRunningSessions.IRunningItem => ({
    label: () => catalogue.summary(run.recipe)?.title ?? run.recipe,
    labelTitle: () => run.run_id,
    detail: () => stateWords(run),
    icon: () => workbenchIcon,
    open: () => {
      void commands.execute(CommandIDs.openRun, { id: run.run_id });
    },
    shutdown: () => {
      stop(run).catch(told);
    }
  });
  return {
    name: 'Science Workbench Runs',
    running: () => live.runs.map(item),
    // Items are called by the titles of their recipes.
    ...following(live, async () => {
      if (live.runs.length) {
        await catalogue.ensure();
      }
    }),
    shutdownAll: () => {
      Promise.all(live.runs.map(stop)).catch(told);
    },
    shutdownLabel: 'Stop',
    shutdownAllLabel: 'Stop All',
    shutdownAllConfirmationText:
      'Stop all running runs? What is finished stays, and they can be resumed.'
  };
}

function clusters(
  { clusters: model }: IWorkbench,
  commands: CommandRegistry
): IRunningSessions.IManager {
  const living = () => (model.clusters ?? []).filter(isLiving);
  const item = (cluster: ICluster): IRunningSessions.IRunningItem => ({
    label: () => place(cluster.name),
    detail: () => clusterWords(cluster),
    icon: () => workbenchIcon,
    open: () => {
      void commands.execute(CommandIDs.openCluster, { name: cluster.name });
    },
    shutdown: () => {
      model.stop(cluster.name).catch(told);
    }
  });
  return {
    name: 'Science Workbench Clusters',
    running: () => living().map(item),
    ...following(model),
    shutdownAll: () => {
      Promise.all(living().map(one => model.stop(one.name))).catch(told);
    },
    shutdownLabel: 'Stop',
    shutdownAllLabel: 'Stop All',
    shutdownAllConfirmationText:
      'Stop all clusters? Their workers and jobs end, and their places in the queue are lost.'
  };
}

/** Show why something was not stopped. */
function told(error: Error): void {
  void showErrorMessage('Not stopped', error);
}

/** What a list of the running panel needs to follow a model. */
function following(
  model: PolledModel,
  first: () => Promise<void> = async () => undefined
): Pick<IRunningSessions.IManager, 'refreshRunning' | 'runningChanged'> {
  const changed = new Signal<object, void>(model);
  model.changed.connect(async () => {
    await first();
    changed.emit();
  });
  return {
    refreshRunning: () => {
      void model.refresh();
    },
    runningChanged: changed
  };
}
