import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import type { IRunPage } from '../documents';
import { CommandIDs, IWorkbench } from '../tokens';
import { stateWords } from '../words';

/** A notice when a run ends, also one that ended while nobody was there. */
export const notices: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:notices',
  description: 'Tells when a run of the science workbench has ended.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ICommandPalette],
  activate: (app, workbench: IWorkbench, palette: ICommandPalette | null) => {
    const { commands } = app;
    commands.addCommand(CommandIDs.allowNotices, {
      label: 'Tell the End of Runs Outside of This Tab Too',
      describedBy: { args: { type: 'object', properties: {} } },
      isVisible: () => 'Notification' in window,
      isEnabled: () =>
        'Notification' in window &&
        window.Notification.permission === 'default',
      execute: async () => {
        await window.Notification.requestPermission();
        commands.notifyCommandChanged(CommandIDs.allowNotices);
      }
    });
    palette?.addItem({
      command: CommandIDs.allowNotices,
      category: 'Science Workbench'
    });
    workbench.live.ended.connect(async (_, { run, missed }) => {
      await workbench.catalogue.ensure();
      const title = workbench.catalogue.summary(run.recipe)?.title;
      const message = `${title ?? run.recipe}: ${stateWords(run)}`;
      const open = () => {
        void commands.execute(CommandIDs.openRun, { id: run.run_id });
      };
      const actions: Notification.IAction[] = [
        { label: 'Show', callback: open }
      ];
      // Asked for where it is understood, and only until it has been answered.
      if (commands.isEnabled(CommandIDs.allowNotices)) {
        actions.push({
          label: 'Tell me elsewhere too',
          callback: () => void commands.execute(CommandIDs.allowNotices)
        });
      }
      Notification.emit(message, kind(run), {
        // Good news goes by itself where somebody can see it.
        autoClose: seen(run) && !missed ? 8000 : false,
        actions
      });
      tellElsewhere(message, run, open);
    });
  }
};

/** The browser's own notice, for who looks at something else; two tabs give one. */
function tellElsewhere(message: string, run: IRunPage, open: () => void): void {
  if (!('Notification' in window) || document.hasFocus()) {
    return;
  }
  if (window.Notification.permission === 'granted') {
    const options = { body: run.inputs.join(', '), tag: run.run_id };
    new window.Notification(message, options).onclick = () => {
      window.focus();
      open();
    };
  }
}

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
