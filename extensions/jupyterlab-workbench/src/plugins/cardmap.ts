import {
  ILayoutRestorer,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  IThemeManager,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { workbenchIcon } from '../icons';
import { CardsModel } from '../models/cards';
import { CommandIDs, IWorkbench } from '../tokens';

const ID = 'workbench-pool';

/** The map of every card in the main area, loaded when it is first opened. */
export const cardmap: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:cardmap',
  description: 'A map of every card of the pool.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ICommandPalette, ILayoutRestorer, IThemeManager],
  activate: (
    app,
    workbench: IWorkbench,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null
  ) => {
    const tracker = new WidgetTracker<MainAreaWidget>({ namespace: ID });
    let opening: Promise<void> | null = null;
    const open = async () => {
      const { CardMapWidget } = await import('../ui/cardmap');
      const model = new CardsModel(workbench.rest);
      const content = new CardMapWidget({ model, themes });
      const widget = new MainAreaWidget({ content });
      widget.id = ID;
      widget.title.label = 'Every card';
      widget.title.icon = workbenchIcon;
      widget.title.closable = true;
      widget.toolbar.hide();
      app.shell.add(widget, 'main', { type: 'Workbench' });
      await tracker.add(widget);
    };
    app.commands.addCommand(CommandIDs.openPool, {
      label: 'Map of Every Card',
      caption: 'Every card of the pool, by its state',
      describedBy: { args: { type: 'object', properties: {} } },
      execute: async () => {
        if (!tracker.currentWidget) {
          opening ??= open().finally(() => {
            opening = null;
          });
          await opening;
        }
        app.shell.activateById(ID);
      }
    });
    palette?.addItem({
      command: CommandIDs.openPool,
      category: 'Science Workbench'
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openPool,
      name: () => ID
    });
  }
};
