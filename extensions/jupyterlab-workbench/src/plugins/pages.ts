import {
  ILayoutRestorer,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  IThemeManager,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { workbenchIcon } from '../icons';
import { RunModel } from '../models/runs';
import { CommandIDs, IWorkbench } from '../tokens';
import type { Values } from '../ui/recipeform';

const RECIPE_ARGS = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'The recipe, for example proteins.search' },
    values: { type: 'object', description: 'Values to fill in' },
    like: { type: 'string', description: 'A run whose values these are' }
  },
  required: ['id']
} as const;

const RUN_ARGS = {
  type: 'object',
  properties: { id: { type: 'string', description: 'The run' } },
  required: ['id']
} as const;

/** The pages of recipes and runs in the main area. */
export const pages: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:pages',
  description: 'Pages of recipes and runs.',
  autoStart: true,
  requires: [IWorkbench, IDocumentManager, IRenderMimeRegistry],
  optional: [IDefaultFileBrowser, ILayoutRestorer, IThemeManager],
  activate: (
    app,
    workbench: IWorkbench,
    documents: IDocumentManager,
    rendermime: IRenderMimeRegistry,
    browser: IDefaultFileBrowser | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null
  ) => {
    const { commands, shell } = app;
    const recipes = new WidgetTracker({ namespace: 'workbench-recipe' });
    const runs = new WidgetTracker({ namespace: 'workbench-run' });
    const drafts = new Map<string, ReadonlyPartialJSONObject>();
    const folder = () => browser?.model.path ?? '';
    const files = { rest: workbench.rest, documents, folder };
    // The pages, with forms and grids, are loaded when the first one is opened.
    const loaded = () =>
      Promise.all([import('../ui/pages'), import('../ui/actions')]);

    const openRecipe = async (id: string, given: Values, like?: string) => {
      const [{ RecipeWidget }] = await loaded();
      const content = new RecipeWidget({
        id,
        workbench,
        files,
        given,
        like: like ?? null,
        keep: values => {
          drafts.set(widget.id, values);
          void recipes.save(widget);
        },
        started: run => {
          void commands.execute(CommandIDs.openRun, { id: run.run_id });
        }
      });
      const widget = new MainAreaWidget({ content });
      await workbench.catalogue.refresh();
      widget.title.label = workbench.catalogue.summary(id)?.title ?? id;
      return place(widget, `workbench-recipe-${id}`);
    };

    const openRun = async (id: string) => {
      const [{ RunWidget }, { runActions }] = await loaded();
      const model = new RunModel(workbench.rest, id);
      const content = new RunWidget({
        model,
        workbench,
        figures: { rendermime, themes },
        actions: runActions({ model, workbench, commands, documents, folder })
      });
      const widget = new MainAreaWidget({ content });
      const known = workbench.runs.runs.find(run => run.run_id === id);
      const title = known && workbench.catalogue.summary(known.recipe)?.title;
      widget.title.label = title ? `${title} (run)` : id;
      return place(widget, `workbench-run-${id}`);
    };

    const place = (widget: MainAreaWidget, id: string) => {
      widget.id = id;
      widget.title.icon = workbenchIcon;
      widget.title.closable = true;
      shell.add(widget, 'main', { type: 'Workbench' });
      return widget;
    };

    commands.addCommand(CommandIDs.openRecipe, {
      label: args => (args.id ? `Recipe ${args.id}` : 'Open Recipe'),
      describedBy: { args: RECIPE_ARGS },
      execute: async args => {
        const id = String(args.id);
        const values = (args.values ?? {}) as Values;
        const there = recipes.find(one => one.id === `workbench-recipe-${id}`);
        if (there && args.values === undefined) {
          shell.activateById(there.id);
          return;
        }
        there?.dispose();
        const widget = await openRecipe(id, values, args.like as string);
        drafts.set(widget.id, { ...values });
        await recipes.add(widget);
        shell.activateById(widget.id);
      }
    });
    commands.addCommand(CommandIDs.openRun, {
      label: args => (args.id ? `Run ${args.id}` : 'Open Run'),
      describedBy: { args: RUN_ARGS },
      execute: async args => {
        const id = String(args.id);
        const there = runs.find(one => one.id === `workbench-run-${id}`);
        const widget = there ?? (await openRun(id));
        if (!there) {
          await runs.add(widget);
        }
        shell.activateById(widget.id);
      }
    });
    void restorer?.restore(recipes, {
      command: CommandIDs.openRecipe,
      args: widget => ({
        id: widget.id.replace('workbench-recipe-', ''),
        values: drafts.get(widget.id) ?? {}
      }),
      name: widget => widget.id
    });
    void restorer?.restore(runs, {
      command: CommandIDs.openRun,
      args: widget => ({ id: widget.id.replace('workbench-run-', '') }),
      name: widget => widget.id
    });
  }
};
