import type { RunModel } from '../models/runs';
import type { IFileContext } from './filewidget';
import { LookingWidget } from './looking';
import { RecipePage } from './recipepage';
import type { Values } from './recipeform';
import { type IRunPageProps, RunPage } from './runpage';
import type { IRunPage } from '../documents';
import type { IWorkbench } from '../tokens';

/** The widget of a recipe's page; it keeps clusters to run on up to date while it is on the screen. */
export class RecipeWidget extends LookingWidget {
  constructor(private _options: RecipeWidget.IOptions) {
    super([_options.workbench.clusters]);
    this.addClass('jp-Workbench-page');
  }

  protected override render(): JSX.Element {
    return <RecipePage {...this._options} />;
  }
}

export namespace RecipeWidget {
  export interface IOptions {
    id: string;
    workbench: IWorkbench;
    files: IFileContext;
    given: Values;
    like: string | null;
    keep: (values: Values) => void;
    started: (run: IRunPage) => void;
    launch: () => void;
  }
}

/** The widget of a run's page; it keeps its model up to date while it is on the screen. */
export class RunWidget extends LookingWidget {
  constructor(private _options: IRunPageProps) {
    super([_options.model]);
    this.addClass('jp-Workbench-page');
  }

  get model(): RunModel {
    return this._options.model;
  }

  override dispose(): void {
    super.dispose();
    this._options.model.dispose();
  }

  protected override render(): JSX.Element {
    return <RunPage {...this._options} />;
  }
}
