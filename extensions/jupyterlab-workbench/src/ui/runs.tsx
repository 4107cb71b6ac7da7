import { PanelWithToolbar } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { useEffect, useState } from 'react';
import type { IRun } from '../documents';
import type { CatalogueModel } from '../models/catalogue';
import type { RunsModel } from '../models/runs';
import { CommandIDs, type IWorkbench } from '../tokens';
import {
  count,
  duration,
  fraction,
  isLive,
  LIVE_STATES,
  size,
  stateWords,
  when
} from '../words';
import { useModel } from './hooks';
import { LookingWidget } from './looking';
import { Progress, Skeleton, StateSign, Trouble } from './parts';

const FILTERS = [
  ['', 'All'],
  [LIVE_STATES, 'Running'],
  ['completed,completed_with_failures', 'Finished'],
  ['failed,interrupted,completed_with_failures', 'With trouble'],
  ['stopped', 'Stopped']
];
const TYPING = 300;

/** The section of the panel that lists runs. */
export class RunsSection extends PanelWithToolbar {
  constructor(workbench: IWorkbench, commands: CommandRegistry) {
    super();
    this.title.label = 'Runs';
    this.addClass('jp-Workbench-section');
    this.addWidget(new RunList(workbench, commands));
  }
}

class RunList extends LookingWidget {
  constructor(
    private _workbench: IWorkbench,
    private _commands: CommandRegistry
  ) {
    super([_workbench.runs]);
    this.addClass('jp-Workbench-list');
  }

  protected override render(): JSX.Element {
    const open = (id: string) => {
      void this._commands.execute(CommandIDs.openRun, { id });
    };
    return (
      <Runs
        model={this._workbench.runs}
        catalogue={this._workbench.catalogue}
        open={open}
      />
    );
  }
}

function Runs(props: {
  model: RunsModel;
  catalogue: CatalogueModel;
  open: (id: string) => void;
}): JSX.Element {
  const { model, catalogue, open } = props;
  useModel(model);
  useModel(catalogue);
  if (model.total === undefined) {
    return model.error ? (
      <Trouble error={model.error} />
    ) : (
      <Skeleton lines={4} />
    );
  }
  const searching = !!(model.text || model.state);
  return (
    <>
      <Search model={model} />
      <Trouble error={model.error} />
      <ul
        className={model.error ? 'jp-mod-stale' : ''}
        aria-label="Runs, the newest first"
      >
        {model.runs.map(run => (
          <RunRow
            key={run.run_id}
            run={run}
            title={catalogue.summary(run.recipe)?.title ?? run.recipe}
            open={open}
          />
        ))}
      </ul>
      {!model.runs.length && (
        <p className="jp-Workbench-empty">
          {searching
            ? 'No run fits.'
            : 'No run yet. Choose a recipe above, press Example, then Run.'}
        </p>
      )}
      <div className="jp-Workbench-foot" role="status">
        {footWords(model)}
      </div>
      {model.more && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-reject jp-Workbench-button"
          onClick={() => void model.showMore()}
        >
          Show more
        </button>
      )}
    </>
  );
}

/** How many there are, and what is not shown of them. */
function footWords(model: RunsModel): string {
  const { total = 0 } = model;
  const searching = !!(model.text || model.state);
  const number = searching
    ? `${count(total)} fit`
    : model.cut && `${count(model.runs.length)} of ${count(total)} runs`;
  const oldest = model.cut && !model.more && 'search to find older ones';
  const reading = model.reading && 'reading older runs …';
  return [number, oldest, reading].filter(Boolean).join(', ');
}

function Search(props: { model: RunsModel }): JSX.Element {
  const { model } = props;
  const [text, setText] = useState(model.text);
  useEffect(() => {
    if (text === model.text) {
      return;
    }
    const timer = setTimeout(() => {
      void model.search(text, model.state);
    }, TYPING);
    return () => clearTimeout(timer);
  }, [text, model]);
  return (
    <div className="jp-Workbench-search-line">
      <input
        className="jp-mod-styled jp-Workbench-search"
        type="search"
        placeholder="Search runs"
        aria-label="Search runs"
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <select
        className="jp-mod-styled"
        aria-label="Show runs by state"
        value={model.state}
        onChange={event => void model.search(model.text, event.target.value)}
      >
        {FILTERS.map(([state, words]) => (
          <option key={state} value={state}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

function RunRow(props: {
  run: IRun;
  title: string;
  open: (id: string) => void;
}): JSX.Element {
  const { run, title, open } = props;
  const live = isLive(run.state);
  const told = live
    ? `${Math.floor(fraction(run) * 100)} %`
    : when(run.created);
  return (
    <li>
      <button
        type="button"
        className="jp-Workbench-row"
        title={run.run_id}
        onClick={() => open(run.run_id)}
      >
        <span className="jp-mod-head">
          <StateSign run={run} />
          <span className="jp-mod-title">{title}</span>
          <span className="jp-mod-end">{told}</span>
        </span>
        <span className="jp-mod-more">{run.inputs.join(', ')}</span>
        <span className="jp-mod-more jp-mod-head">
          <span>{stateWords(run)}</span>
          <span className="jp-mod-end">
            {live && run.left_s !== null
              ? `${duration(run.left_s)} left`
              : size(run.bytes)}
          </span>
        </span>
        <Progress run={run} />
      </button>
    </li>
  );
}
