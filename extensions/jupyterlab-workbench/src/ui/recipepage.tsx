import { useEffect, useMemo, useRef, useState } from 'react';
import { LOCAL } from '../clusterwords';
import type { ICheckAnswer, IField, IRecipePage, IRunPage } from '../documents';
import { startRun } from '../models/runs';
import { RestError } from '../rest';
import type { IWorkbench } from '../tokens';
import { items, size } from '../words';
import type { IFileContext } from './filewidget';
import { Button, Skeleton, Trouble } from './parts';
import { RecipeForm, type Values } from './recipeform';
import { RecipeNotes } from './recipenotes';
import { RunOn } from './runon';

const TYPING = 400;

/** A recipe: its question, its form, what a run of it would mean, Run. */
export function RecipePage(props: {
  id: string;
  workbench: IWorkbench;
  files: IFileContext;
  given: Values;
  like: string | null;
  keep: (values: Values) => void;
  started: (run: IRunPage) => void;
  launch: () => void;
}): JSX.Element {
  const { id, workbench } = props;
  const [recipe, setRecipe] = useState<IRecipePage>();
  const [error, setError] = useState<Error | null>(null);
  useEffect(() => {
    workbench.catalogue.page(id).then(setRecipe, setError);
  }, [id, workbench]);
  if (!recipe) {
    return error ? <Trouble error={error} /> : <Skeleton lines={8} />;
  }
  return <Loaded {...props} recipe={recipe} />;
}

type LoadedProps = Parameters<typeof RecipePage>[0] & { recipe: IRecipePage };

function Loaded(props: LoadedProps): JSX.Element {
  const { recipe, workbench } = props;
  const [values, setValues] = useState<Values>(() => read(recipe, props.given));
  const [touched, setTouched] = useState(() => new Set(Object.keys(values)));
  const check = useCheck(workbench, recipe, values);
  const [told, setTold] = useState<IField[]>([]);
  const [on, setOn] = useState([LOCAL]);
  const run = useRun(props, values, on, problems => {
    setTold(problems);
    setTouched(new Set([...touched, ...problems.map(one => one.parameter)]));
  });
  const change = (found: Values, names: string[]) => {
    setValues(found);
    setTouched(new Set([...touched, ...names]));
    setTold(told.filter(one => !names.includes(one.parameter)));
    props.keep(sent(recipe, found));
  };
  const problems = useMemo(() => {
    const known = check.answer?.problems ?? [];
    // What was said of a value says nothing of the one that stands there now.
    const seen = known.filter(
      ({ parameter }) =>
        touched.has(parameter) && check.of[parameter] === values[parameter]
    );
    const names = new Set(seen.map(one => one.parameter));
    return [...seen, ...told.filter(one => !names.has(one.parameter))];
  }, [check, told, touched, values]);
  return (
    <div className="jp-Workbench-recipe">
      <header>
        <h1>{recipe.question || recipe.title}</h1>
        <p className="jp-mod-more">
          {recipe.title}, {recipe.id} {recipe.version} ({recipe.pack})
        </p>
      </header>
      <div className="jp-mod-columns">
        <form
          className="jp-mod-form"
          aria-label="Parameters"
          noValidate
          onSubmit={event => {
            event.preventDefault();
            run.start();
          }}
        >
          <Examples
            recipe={recipe}
            fill={found => change(read(recipe, found), Object.keys(found))}
          />
          <RecipeForm
            schema={recipe.form}
            values={values}
            problems={problems}
            context={props.files}
            onChange={(found, name) => change(found, name ? [name] : [])}
          />
          {/* Enter in a field starts the run, as in any form. */}
          <button type="submit" hidden />
        </form>
        <aside className="jp-mod-side" aria-label="Run">
          <Meaning check={check} problems={problems} />
          <RunOn
            model={workbench.clusters}
            chosen={on}
            onChange={setOn}
            launch={props.launch}
          />
          <Button
            label={run.busy ? 'Starting …' : 'Run'}
            kind="accept"
            disabled={run.busy || !on.length}
            onClick={run.start}
          />
          <Trouble error={run.error ?? check.error} />
          <RecipeNotes {...props} />
        </aside>
      </div>
    </div>
  );
}

/** Values that work, one click away. */
function Examples(props: {
  recipe: IRecipePage;
  fill: (values: Values) => void;
}): JSX.Element | null {
  const { examples } = props.recipe;
  if (!examples.length) {
    return null;
  }
  const only = examples.length === 1;
  return (
    <div className="jp-Workbench-examples">
      {examples.map(example => (
        <Button
          key={example.name}
          label={only ? 'Example' : `Example: ${example.name}`}
          title={`Fill in: ${example.title}`}
          onClick={() => props.fill(example.values)}
        />
      ))}
      <span className="jp-mod-more">{only && examples[0].title}</span>
    </div>
  );
}

/** What will happen: items, data. */
function Meaning(props: { check: ICheck; problems: IField[] }): JSX.Element {
  const { answer, busy } = props.check;
  const ready = answer && !answer.problems.length;
  const unknown = busy ? 'looking …' : '–';
  return (
    <div className="jp-Workbench-meaning" role="status" aria-busy={busy}>
      <h2>What will happen</h2>
      <dl>
        <dt>Items</dt>
        <dd>{ready ? expected(answer) : unknown}</dd>
        <dt>Needed on disk</dt>
        <dd>{ready ? size(answer.bytes) : unknown}</dd>
      </dl>
      {!busy && answer && !ready && (
        <p>
          {props.problems.length
            ? 'Something is wrong: see the marked fields.'
            : 'Fill in the required fields, or press Example.'}
        </p>
      )}
    </div>
  );
}

/** A recipe that reads its files first knows only then how many items they hold. */
function expected(answer: ICheckAnswer): string {
  return answer.items ? items(answer.items) : 'as the files hold';
}

interface ICheck {
  /** The values that the answer is about. */
  of: Values;
  answer: ICheckAnswer | null;
  error: RestError | null;
  busy: boolean;
}

/** Have the server look at the values whenever they have changed and rest for a moment. */
function useCheck(
  workbench: IWorkbench,
  recipe: IRecipePage,
  values: Values
): ICheck {
  const [found, setFound] = useState<ICheck>({
    of: {},
    answer: null,
    error: null,
    busy: true
  });
  const number = useRef(0);
  useEffect(() => {
    const mine = ++number.current;
    setFound(before => ({ ...before, busy: true }));
    const take = (one: Partial<ICheck>) => {
      // An answer to values that have changed since says nothing.
      if (mine === number.current) {
        setFound({
          of: values,
          answer: null,
          error: null,
          ...one,
          busy: false
        });
      }
    };
    const timer = setTimeout(() => {
      workbench.catalogue.check(recipe.id, sent(recipe, values)).then(
        answer => take({ answer }),
        error => take({ error })
      );
    }, TYPING);
    return () => clearTimeout(timer);
  }, [workbench, recipe, values]);
  return found;
}

function useRun(
  props: LoadedProps,
  values: Values,
  on: string[],
  refused: (problems: IField[]) => void
): { start: () => void; busy: boolean; error: Error | null } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const start = async () => {
    const { recipe, workbench, like } = props;
    setBusy(true);
    setError(null);
    try {
      const request = {
        recipe: recipe.id,
        values: sent(recipe, values),
        on,
        like
      };
      const run = await startRun(workbench.rest, request);
      workbench.live.follow(run.run_id);
      void workbench.clusters.refresh();
      props.started(run);
    } catch (reason) {
      const told = reason as Error;
      const fields = told instanceof RestError ? told.fields : [];
      refused(fields);
      setError(fields.length ? null : told);
      focusOn(fields[0]?.parameter);
    } finally {
      setBusy(false);
    }
  };
  return { start: () => void (busy || !on.length || start()), busy, error };
}

/** Put the cursor where the first problem is, once it has been drawn. */
function focusOn(name: string | undefined): void {
  if (name) {
    setTimeout(() => document.getElementById(`root_${name}`)?.focus(), 50);
  }
}

/** Given values, texts of links among them, as the form takes them. */
function read(recipe: IRecipePage, given: Values): Values {
  const found: Values = {};
  for (const [name, value] of Object.entries(given)) {
    const type = recipe.form.properties?.[name]?.type;
    if (value === null) {
      continue;
    }
    found[name] =
      typeof value === 'string' && type && type !== 'string'
        ? parsed(value)
        : value;
  }
  return found;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return text;
  }
}

/** The form's values as the server takes them: what was emptied is null where that is a value. */
function sent(recipe: IRecipePage, values: Values): Values {
  const found: Values = {};
  for (const [name, schema] of Object.entries<any>(
    recipe.form.properties ?? {}
  )) {
    if (values[name] !== undefined) {
      found[name] = values[name];
    } else if (schema.nullable) {
      found[name] = null;
    }
  }
  return found;
}
