import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  IRunningSessionManagers,
  type IRunningSessions
} from '@jupyterlab/running';
import { Signal } from '@lumino/signaling';
import type { IRun } from '../documents';
import { workbenchIcon } from '../icons';
import { CommandIDs, IWorkbench } from '../tokens';
import { stateWords } from '../words';

/** Runs that go on, in JupyterLab's own panel of what is running. */
export const running: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:running',
  description:
    'Lists runs of the science workbench among the running sessions.',
  autoStart: true,
  requires: [IWorkbench, IRunningSessionManagers],
  activate: (app, workbench: IWorkbench, managers: IRunningSessionManagers) => {
    const { live, rest, catalogue } = workbench;
    const changed = new Signal<object, void>(live);
    live.changed.connect(async () => {
      if (live.runs.length) {
        await catalogue.ensure();
      }
      changed.emit();
    });
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
        void app.commands.execute(CommandIDs.openRun, { id: run.run_id });
      },
      shutdown: () => {
        void stop(run);
      }
    });
    managers.add({
      name: 'Science Workbench Runs',
      running: () => live.runs.map(item),
      refreshRunning: () => {
        void live.refresh();
      },
      runningChanged: changed,
      shutdownAll: () => {
        void Promise.all(live.runs.map(stop));
      },
      shutdownLabel: 'Stop',
      shutdownAllLabel: 'Stop All',
      shutdownAllConfirmationText:
        'Stop all running runs? What is finished stays, and they can be resumed.'
    });
  }
};
