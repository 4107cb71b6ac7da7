import {
  ILayoutRestorer,
  type JupyterFrontEnd,
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
import { isLive, when } from '../words';
import { OneByOne } from './onebyone';

// Ids of widgets: these, and what they show.
const RECIPE = 'workbench-recipe-';
const RUN = 'workbench-run-';

const RECIPE_ARGS = {
  type: 'object',
  properties: {
    id: {
      type: 'string',
      description: 'The recipe, for example proteins.search'
    },
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
    const made = new Pages({
      app,
      workbench,
      documents,
      rendermime,
      themes,
      folder: () => browser?.model.path ?? ''
    });
    app.commands.addCommand(CommandIDs.openRecipe, {
      label: args => (args.id ? `Recipe ${args.id}` : 'Open Recipe'),
      describedBy: { args: RECIPE_ARGS },
      execute: args =>
        made.openRecipe(
          String(args.id),
          args.values as Values | undefined,
          args.like as string | undefined
        )
    });
    app.commands.addCommand(CommandIDs.openRun, {
      label: args => (args.id ? `Run ${args.id}` : 'Open Run'),
      describedBy: { args: RUN_ARGS },
      execute: args => made.openRun(String(args.id))
    });
    void restorer?.restore(made.recipes, {
      command: CommandIDs.openRecipe,
      args: widget => made.recipeArgs(widget),
      name: widget => widget.id
    });
    void restorer?.restore(made.runs, {
      command: CommandIDs.openRun,
      args: widget => ({ id: widget.id.slice(RUN.length) }),
      name: widget => widget.id
    });
  }
};

interface IPagesOptions {
  app: JupyterFrontEnd;
  workbench: IWorkbench;
  documents: IDocumentManager;
  rendermime: IRenderMimeRegistry;
  themes: IThemeManager | null;
  folder: () => string;
}

/** The open pages, each thing once. */
class Pages {
  constructor(private _options: IPagesOptions) {}

  readonly recipes = new WidgetTracker<MainAreaWidget>({
    namespace: 'workbench-recipe'
  });
  readonly runs = new WidgetTracker<MainAreaWidget>({
    namespace: 'workbench-run'
  });

  /** Open a recipe; given values are filled in. */
  async openRecipe(id: string, given?: Values, like?: string): Promise<void> {
    await this._opening.run(RECIPE + id, () =>
      this._openRecipe(id, given, like)
    );
  }

  /** Open a run. */
  async openRun(id: string): Promise<void> {
    await this._opening.run(RUN + id, () => this._openRun(id));
  }

  private async _openRecipe(
    id: string,
    given?: Values,
    like?: string
  ): Promise<void> {
    const there = this.recipes.find(one => one.id === RECIPE + id);
    if (there && given === undefined) {
      this._options.app.shell.activateById(there.id);
      return;
    }
    there?.dispose();
    const widget = await this._recipe(id, given ?? {}, like ?? null);
    this._options.app.shell.activateById(widget.id);
  }

  private async _openRun(id: string): Promise<void> {
    const there = this.runs.find(one => one.id === RUN + id);
    const widget = there ?? (await this._run(id));
    this._options.app.shell.activateById(widget.id);
  }

  /** What opens a recipe's page as it is now. */
  recipeArgs(widget: MainAreaWidget): ReadonlyPartialJSONObject {
    return {
      id: widget.id.slice(RECIPE.length),
      values: this._drafts.get(widget.id) ?? {}
    };
  }

  private async _recipe(
    id: string,
    given: Values,
    like: string | null
  ): Promise<MainAreaWidget> {
    const { app, workbench, documents, folder } = this._options;
    const [{ RecipeWidget }] = await Promise.all([
      loaded(),
      workbench.catalogue.ensure()
    ]);
    const content = new RecipeWidget({
      id,
      workbench,
      files: { rest: workbench.rest, documents, folder },
      given,
      like,
      keep: values => {
        this._drafts.set(widget.id, values);
        void this.recipes.save(widget);
      },
      started: run => {
        void app.commands.execute(CommandIDs.openRun, { id: run.run_id });
      },
      launch: () => {
        void app.commands.execute(CommandIDs.launchCluster);
      }
    });
    const widget = new MainAreaWidget({ content });
    widget.title.label = workbench.catalogue.summary(id)?.title ?? id;
    this._drafts.set(RECIPE + id, given);
    return this._place(widget, RECIPE + id, this.recipes);
  }

  private async _run(id: string): Promise<MainAreaWidget> {
    const { app, workbench, documents, rendermime } = this._options;
    const { themes, folder } = this._options;
    const { commands } = app;
    const { RunWidget, runActions } = await loaded();
    const model = new RunModel(workbench.rest, id);
    const content = new RunWidget({
      model,
      workbench,
      figures: { rendermime, themes },
      actions: runActions({ model, workbench, commands, documents, folder })
    });
    const widget = new MainAreaWidget({ content });
    widget.title.label = id;
    this._place(widget, RUN + id, this.runs);
    void workbench.catalogue.ensure();
    // A page of the last visit that nobody looks at yet has its name all the same.
    void app.restored.then(() => {
      if (!model.run && !model.isHeld) {
        void model.refresh();
      }
    });
    const { live } = workbench;
    // One at its end is not asked for again, unless somebody elsewhere has gone on with it.
    const follow = () => {
      const goesOn = live.runs.some(run => run.run_id === id);
      if (goesOn && model.run && !isLive(model.run.state)) {
        void model.refresh();
      }
    };
    // Nor is it after its end, unless somebody may have deleted it.
    const heard = () => {
      if (model.isHeld && model.run && !isLive(model.run.state)) {
        void model.refresh();
      }
    };
    const name = () => {
      const { run } = model;
      if (run) {
        const title = workbench.catalogue.summary(run.recipe)?.title;
        widget.title.label = `${title ?? run.recipe}, ${when(run.created)}`;
        widget.title.caption = id;
      }
    };
    live.changed.connect(follow);
    workbench.news.connect(heard);
    model.changed.connect(name);
    workbench.catalogue.changed.connect(name);
    widget.disposed.connect(() => {
      live.changed.disconnect(follow);
      workbench.news.disconnect(heard);
      workbench.catalogue.changed.disconnect(name);
    });
    return widget;
  }

  private _place(
    widget: MainAreaWidget,
    id: string,
    tracker: WidgetTracker<MainAreaWidget>
  ): MainAreaWidget {
    widget.id = id;
    widget.title.icon = workbenchIcon;
    widget.title.closable = true;
    widget.toolbar.hide();
    // Tracked first: a layout that is saved in between would forget it.
    void tracker.add(widget);
    this._options.app.shell.add(widget, 'main', { type: 'Workbench' });
    return widget;
  }

  private _opening = new OneByOne();
  private _drafts = new Map<string, ReadonlyPartialJSONObject>();
}

/** The pages' own code, with forms and grids: loaded when the first one is opened. */
async function loaded() {
  const [pages, actions] = await Promise.all([
    import('../ui/pages'),
    import('../ui/actions')
  ]);
  return { ...pages, ...actions };
}
