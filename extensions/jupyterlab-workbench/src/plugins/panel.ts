import {
  ILayoutRestorer,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import { ILauncher } from '@jupyterlab/launcher';
import { workbenchIcon } from '../icons';
import { CommandIDs, IWorkbench } from '../tokens';
import { WorkbenchPanel } from '../ui/sidepanel';

const POOL_SEEN = 'jupyterlab-science-workbench:pool-seen';

/** The panel at the left, with its command, launcher card and palette entry. */
export const panel: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:panel',
  description: 'The panel of the science workbench.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ICommandPalette, ILauncher, ILayoutRestorer, IStateDB],
  activate: (
    app,
    workbench: IWorkbench,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ) => {
    const { commands, shell } = app;
    const widget = new WorkbenchPanel(workbench, commands);
    shell.add(widget, 'left', { rank: 150, type: 'Workbench' });
    restorer?.add(widget, widget.id);
    void app.restored.then(() => {
      widget.firstShown(() => unfoldPool(widget, workbench, state));
    });
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

/** At the very first visit, show the pool where there is a scheduler; later it is as it was left. */
async function unfoldPool(
  panel: WorkbenchPanel,
  { pool }: IWorkbench,
  state: IStateDB | null
): Promise<void> {
  if (await state?.fetch(POOL_SEEN)) {
    return;
  }
  await pool.ensure();
  if (pool.scheduled !== undefined) {
    await state?.save(POOL_SEEN, true);
  }
  if (pool.scheduled) {
    panel.showPool();
  }
}
