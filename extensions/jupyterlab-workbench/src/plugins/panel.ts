import {
  ILayoutRestorer,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { workbenchIcon } from '../icons';
import { CommandIDs, IWorkbench } from '../tokens';
import { WorkbenchPanel } from '../ui/sidepanel';

/** The panel at the left, with its command, launcher card and palette entry. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:panel',
  description: 'The panel of the science workbench.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ICommandPalette, ILauncher, ILayoutRestorer],
  activate: (
    app,
    workbench: IWorkbench,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null
  ) => {
    const { commands, shell } = app;
    const widget = new WorkbenchPanel(workbench, commands);
    shell.add(widget, 'left', { rank: 150, type: 'Workbench' });
    restorer?.add(widget, widget.id);
    commands.addCommand(CommandIDs.openPanel, {
      label: 'Science Workbench',
      caption: 'Recipes, runs and what they found',
      icon: args => (args.isPalette ? undefined : workbenchIcon),
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => {
        shell.activateById(widget.id);
        widget.showRecipes();
      }
    });
    palette?.addItem({
      command: CommandIDs.openPanel,
      category: 'Science Workbench',
      args: { isPalette: true }
    });
    launcher?.add({
      command: CommandIDs.openPanel,
      category: 'Science Workbench',
      rank: 0
    });
  }
};
