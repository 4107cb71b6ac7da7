import { type KeyboardEvent, useId, useRef, useState } from 'react';
import type { IItem, IRunPage } from '../documents';
import type { RunModel } from '../models/runs';
import type { IWorkbench } from '../tokens';
import {
  count,
  duration,
  fraction,
  isLive,
  place,
  size,
  stateWords,
  when
} from '../words';
import { Figures, type IFigureContext } from './figures';
import { useAct, useLooked, useModel } from './hooks';
import { ItemsTab } from './items';
import { Log } from './log';
import { Button, Progress, Skeleton, StateSign, Trouble } from './parts';
import { ParametersTab, ProvenanceTab } from './provenance';
import { TableTab } from './table';
import { useTheme } from './theme';

/** What the buttons of a run do. */
export interface IRunActions {
  stop: () => Promise<void>;
  resume: () => Promise<void>;
  /** Compute failed items again: these, or all of them. */
  retry: (items?: IItem[]) => Promise<void>;
  remove: () => Promise<void>;
  again: () => void;
  copy: () => Promise<void>;
  notebook: () => Promise<void>;
  openRun: (id: string) => void;
}

export interface IRunPageProps {
  model: RunModel;
  workbench: IWorkbench;
  figures: IFigureContext;
  actions: IRunActions;
}

const TABS = [
  'Figures',
  'Table',
  'Items',
  'Parameters',
  'Provenance',
  'Log'
] as const;
type Tab = (typeof TABS)[number];

/** A run: how far it is, what it found, what can be done with it. */
export function RunPage(props: IRunPageProps): JSX.Element {
  const { model } = props;
  useModel(model);
  useModel(props.workbench.catalogue);
  const { run, error } = model;
  if (error?.status === 404) {
    return (
      <div className="jp-Workbench-run">
        <h1>This run is gone</h1>
        <p>
          {model.id} has been deleted, or lies on a disk that is not mounted.
        </p>
      </div>
    );
  }
  if (!run) {
    return error ? <Trouble error={error} /> : <Skeleton lines={8} />;
  }
  return (
    <div className={`jp-Workbench-run${error ? ' jp-mod-stale' : ''}`}>
      <Trouble error={error}>
        {model.seen > 0 &&
          ` Shown is what was known at ${new Date(model.seen).toLocaleTimeString()}.`}
      </Trouble>
      <Header {...props} run={run} />
      <Tabs {...props} run={run} />
    </div>
  );
}

type KnownProps = IRunPageProps & { run: IRunPage };

function Header(props: KnownProps): JSX.Element {
  const { run, model, workbench } = props;
  const title = workbench.catalogue.summary(run.recipe)?.title ?? run.recipe;
  const live = isLive(run.state);
  const { rate } = model;
  const facts = [
    live && run.items.total > 0 && `${Math.floor(fraction(run) * 100)} %`,
    live && rate !== undefined && `${rate.toPrecision(2)} items/s`,
    live && run.left_s !== null && `${duration(run.left_s)} left`,
    run.clusters.map(place).join(', '),
    live && `${count(run.workers)} worker${run.workers === 1 ? '' : 's'}`,
    size(run.bytes),
    live ? `since ${when(run.created)}` : run.ended && took(run)
  ];
  return (
    <header>
      <h1>
        <StateSign run={run} /> {title}: {run.inputs.join(', ') || run.run_id}
      </h1>
      <p role="status" aria-live="polite">
        <strong>{stateWords(run)}</strong>
      </p>
      <p className="jp-Workbench-facts">
        {facts.filter(Boolean).map((fact, n) => (
          <span key={n}>{fact}</span>
        ))}
      </p>
      <Progress run={run} />
      {(run.error ?? null) && (
        <div className="jp-Workbench-trouble" role="alert">
          {run.error?.message}
        </div>
      )}
      {!run.error && run.message && (
        <p className="jp-mod-more">{run.message}</p>
      )}
      {run.notes.map((note, n) => (
        <div key={n} className="jp-Workbench-trouble">
          {note}
        </div>
      ))}
      {live && run.stages.length > 1 && <Stages run={run} />}
      {live && run.per_cluster.length > 1 && <Shares run={run} />}
      <Actions {...props} />
    </header>
  );
}

function took(run: IRunPage): string {
  const begun = Date.parse(run.created);
  const ended = Date.parse(run.ended ?? run.created);
  return `${when(run.created)}, took ${duration((ended - begun) / 1000)}`;
}

function Stages(props: { run: IRunPage }): JSX.Element {
  return (
    <ol className="jp-Workbench-stages" aria-label="Stages">
      {props.run.stages.map(stage => (
        <li key={`${stage.name} ${stage.round}`}>
          {stage.name}: {count(stage.tasks_done)} of {count(stage.tasks)}
          {stage.tasks_failed > 0 && `, ${count(stage.tasks_failed)} failed`}
        </li>
      ))}
    </ol>
  );
}

function Shares(props: { run: IRunPage }): JSX.Element {
  return (
    <ul className="jp-Workbench-stages" aria-label="Clusters">
      {props.run.per_cluster.map(share => (
        <li key={share.name}>
          {place(share.name)}: {count(share.workers)} workers,{' '}
          {count(share.tasks_done)} done
          {share.rate !== null && `, ${share.rate.toPrecision(2)} a second`}
          {share.problem && `: ${share.problem}`}
        </li>
      ))}
    </ul>
  );
}

function Actions(props: KnownProps): JSX.Element {
  const { run, actions } = props;
  const { act, busy, error } = useAct(props.model);
  const live = isLive(run.state);
  const goesOn = ['stopped', 'interrupted', 'failed'].includes(run.state);
  const buttons: [string, () => Promise<void> | void, boolean][] = [
    ['Stop', actions.stop, live && run.state !== 'stopping'],
    ['Resume', actions.resume, goesOn],
    [
      'Compute failed items again',
      () => actions.retry(),
      run.state === 'completed_with_failures'
    ],
    ['Open as notebook', actions.notebook, !live && run.stages.length > 0],
    ['Again with changes', actions.again, true],
    ['Copy as code', actions.copy, true],
    ['Delete', actions.remove, !live]
  ];
  return (
    <>
      <div className="jp-Workbench-actions" role="group" aria-label="Actions">
        {buttons
          .filter(([, , shown]) => shown)
          .map(([label, action]) => (
            <Button
              key={label}
              label={label}
              kind={label === 'Delete' ? 'warn' : 'reject'}
              disabled={busy}
              onClick={() => void act(action)()}
            />
          ))}
      </div>
      <Trouble error={error} />
    </>
  );
}

function Tabs(props: KnownProps): JSX.Element {
  const { run } = props;
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const [tab, setTab] = useState<Tab>(
    run.state === 'failed' ? 'Log' : 'Figures'
  );
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const next = (TABS.indexOf(tab) + step + TABS.length) % TABS.length;
      setTab(TABS[next]);
      list.current?.querySelectorAll('button')[next].focus();
    }
  };
  const words = (name: Tab) =>
    name === 'Items' && run.items.failed > 0
      ? `Items (${count(run.items.failed)} failed)`
      : name;
  return (
    <>
      <div
        className="jp-Workbench-tabs"
        role="tablist"
        aria-label="What to look at"
        onKeyDown={move}
        ref={list}
      >
        {TABS.map(name => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === tab}
            aria-controls={`${id}-panel`}
            tabIndex={name === tab ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {words(name)}
          </button>
        ))}
      </div>
      <div
        className="jp-Workbench-tab"
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${tab}`}
      >
        <TabContent {...props} tab={tab} />
      </div>
    </>
  );
}

function TabContent(props: KnownProps & { tab: Tab }): JSX.Element {
  const { run, model, workbench, actions } = props;
  const { rest } = workbench;
  const looked = useLooked(model);
  const theme = useTheme(props.figures.themes);
  switch (props.tab) {
    case 'Figures':
      return (
        <Figures
          run={run}
          rest={rest}
          context={props.figures}
          looked={looked}
        />
      );
    case 'Table':
      return <TableTab run={run} rest={rest} theme={theme} />;
    case 'Items':
      return <ItemsTab run={run} rest={rest} retry={actions.retry} />;
    case 'Parameters':
      return <ParametersTab run={run} />;
    case 'Provenance':
      return <ProvenanceTab run={run} openRun={actions.openRun} />;
    case 'Log':
      return (
        <Log
          kind="runs"
          id={run.run_id}
          live={isLive(run.state)}
          rest={rest}
          looked={looked}
        />
      );
  }
}
