import { PanelWithToolbar } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { useMemo, useState } from 'react';
import type { IRecipeSummary } from '../documents';
import type { CatalogueModel } from '../models/catalogue';
import { CommandIDs } from '../tokens';
import { useModel } from './hooks';
import { LookingWidget } from './looking';
import { Skeleton, Trouble } from './parts';

/** The section of the panel that lists recipes. */
export class RecipesSection extends PanelWithToolbar {
  constructor(model: CatalogueModel, commands: CommandRegistry) {
    super();
    this.title.label = 'Recipes';
    this.addClass('jp-Workbench-section');
    this.addWidget(new RecipeList(model, commands));
  }
}

class RecipeList extends LookingWidget {
  constructor(
    private _model: CatalogueModel,
    private _commands: CommandRegistry
  ) {
    super([_model]);
    this.addClass('jp-Workbench-list');
  }

  protected override render(): JSX.Element {
    const open = (id: string) => {
      void this._commands.execute(CommandIDs.openRecipe, { id });
    };
    return <Recipes model={this._model} open={open} />;
  }
}

function Recipes(props: {
  model: CatalogueModel;
  open: (id: string) => void;
}): JSX.Element {
  const { model, open } = props;
  useModel(model);
  const [text, setText] = useState('');
  const { catalogue } = model;
  const fields = useMemo(
    () => byField(catalogue?.recipes ?? [], text),
    [catalogue, text]
  );
  if (!catalogue) {
    return model.error ? (
      <Trouble error={model.error} />
    ) : (
      <Skeleton lines={4} />
    );
  }
  return (
    <>
      <input
        className="jp-mod-styled jp-Workbench-search"
        type="search"
        placeholder="Search recipes"
        aria-label="Search recipes"
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <Trouble error={model.error} />
      {fields.map(([field, recipes]) => (
        <section key={field} aria-label={field}>
          <h3>{field}</h3>
          <ul>
            {recipes.map(recipe => (
              <li key={recipe.id}>
                <button
                  type="button"
                  className="jp-Workbench-row"
                  title={recipe.id}
                  onClick={() => open(recipe.id)}
                >
                  {recipe.picture && (
                    <img
                      className="jp-mod-picture"
                      src={model.pictureUrl(recipe.id)}
                      alt=""
                      loading="lazy"
                    />
                  )}
                  <span className="jp-mod-title">{recipe.title}</span>
                  <span className="jp-mod-more">{recipe.question}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {!fields.length && (
        <p className="jp-Workbench-empty">
          {catalogue.recipes.length
            ? `No recipe fits “${text}”.`
            : 'No recipe is installed. Install a pack, for example: pip install science-workbench-proteins'}
        </p>
      )}
      {catalogue.problems.map((problem, n) => (
        <details key={n} className="jp-Workbench-problem">
          <summary>{problem.pack} cannot be used</summary>
          {problem.message}
        </details>
      ))}
    </>
  );
}

/** Recipes that hold every word, by field. */
function byField(
  recipes: IRecipeSummary[],
  text: string
): [string, IRecipeSummary[]][] {
  const words = text.toLowerCase().split(/\s+/);
  const found = new Map<string, IRecipeSummary[]>();
  for (const recipe of recipes) {
    const { id, title, question, field } = recipe;
    const told = `${id} ${title} ${question} ${field}`.toLowerCase();
    if (words.every(word => told.includes(word))) {
      const name = field || recipe.pack;
      found.set(name, [...(found.get(name) ?? []), recipe]);
    }
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b));
}
