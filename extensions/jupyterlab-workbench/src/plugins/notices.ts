import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { IRunPage } from '../documents';
import { CommandIDs, IWorkbench } from '../tokens';
import { stateWords } from '../words';

/** A notice when a run ends, also one that ended while nobody was there. */
export const notices: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:notices',
  description: 'Tells when a run of the science workbench has ended.',
  autoStart: true,
  requires: [IWorkbench],
  activate: (app, workbench: IWorkbench) => {
    workbench.live.ended.connect((_, run) => {
      const title = workbench.catalogue.summary(run.recipe)?.title;
      const message = `${title ?? run.recipe}: ${stateWords(run)}`;
      Notification.emit(message, kind(run), {
        // Good news goes by itself where somebody can see it.
        autoClose: seen(run) ? 8000 : false,
        actions: [
          {
            label: 'Show',
            callback: () => {
              void app.commands.execute(CommandIDs.openRun, { id: run.run_id });
            }
          }
        ]
      });
    });
  }
};

function seen(run: IRunPage): boolean {
  return run.state === 'completed' && document.visibilityState === 'visible';
}

function kind(run: IRunPage): Notification.TypeOptions {
  switch (run.state) {
    case 'completed':
      return 'success';
    case 'failed':
      return 'error';
    case 'stopped':
      return 'info';
    default:
      return 'warning';
  }
}
