import { Clipboard, Notification } from '@jupyterlab/apputils';
import {
  canStop,
  clusterWords,
  endsWords,
  isLiving,
  LOCAL,
  sizeWords,
  whereWords
} from '../clusterwords';
import type { IClusterPage, IClusterRequest, IConnectCode } from '../documents';
import type { ClusterModel } from '../models/clusters';
import type { IWorkbench } from '../tokens';
import { place, when } from '../words';
import { ClusterSign } from './clusterparts';
import { JobTable, WorkerTable } from './clustertables';
import { useAct, useLooked, useModel } from './hooks';
import { Log } from './log';
import { Button, Skeleton, Trouble } from './parts';

/** What the buttons of a cluster do. */
export interface IClusterActions {
  scale: () => Promise<void>;
  stop: () => Promise<void>;
  again: (request: IClusterRequest) => void;
  dashboard: () => void;
  openRun: (id: string) => void;
}

export interface IClusterPageProps {
  model: ClusterModel;
  workbench: IWorkbench;
  actions: IClusterActions;
}

/** A cluster: its state, jobs and workers, and how a notebook reaches it. */
export function ClusterPage(props: IClusterPageProps): JSX.Element {
  const { model } = props;
  useModel(model);
  const looked = useLooked(model);
  const { cluster, error } = model;
  if (error?.status === 404) {
    return (
      <div className="jp-Workbench-run">
        <h1>There is no cluster {model.name}</h1>
        <p>{error.message}</p>
      </div>
    );
  }
  if (!cluster) {
    return error ? <Trouble error={error} /> : <Skeleton lines={8} />;
  }
  return (
    <div className={`jp-Workbench-run${error ? ' jp-mod-stale' : ''}`}>
      <Trouble error={error}>
        {model.seen > 0 &&
          ` Shown is what was known at ${new Date(model.seen).toLocaleTimeString()}.`}
      </Trouble>
      <Header {...props} cluster={cluster} />
      {cluster.partition !== LOCAL && <JobTable jobs={cluster.jobs} />}
      <WorkerTable workers={cluster.worker_processes} />
      {cluster.connect && <Connect code={cluster.connect} />}
      <h2>Log</h2>
      <Log
        kind="clusters"
        id={cluster.name}
        live={isLiving(cluster)}
        rest={props.workbench.rest}
        looked={looked}
      />
    </div>
  );
}

type KnownProps = IClusterPageProps & { cluster: IClusterPage };

function Header(props: KnownProps): JSX.Element {
  const { cluster, actions } = props;
  const facts = [
    whereWords(cluster),
    sizeWords(cluster.workers),
    endsWords(cluster),
    `since ${when(cluster.started)}`,
    process(cluster)
  ];
  const told = [cluster.problem, ...cluster.warnings].filter(
    words => words && words !== cluster.reason
  );
  return (
    <header>
      <h1>
        <ClusterSign cluster={cluster} /> {place(cluster.name)}
      </h1>
      <p role="status" aria-live="polite">
        <strong>{clusterWords(cluster)}</strong>
        {cluster.reason && `: ${cluster.reason}`}
      </p>
      <p className="jp-Workbench-facts">
        {facts.filter(Boolean).map((fact, n) => (
          <span key={n}>{fact}</span>
        ))}
      </p>
      {told.map((words, n) => (
        <div key={n} className="jp-Workbench-trouble" role="alert">
          {words}
        </div>
      ))}
      {cluster.runs.length > 0 && (
        <p>
          Runs on it:{' '}
          {cluster.runs.map(id => (
            <button
              key={id}
              type="button"
              className="jp-Workbench-link"
              onClick={() => actions.openRun(id)}
            >
              {id}
            </button>
          ))}
        </p>
      )}
      <Actions {...props} />
    </header>
  );
}

/** Where the cluster's own process is. */
function process(cluster: IClusterPage): string {
  const job = cluster.own_job;
  const number = job ? ` in job ${job.job_id ?? job.name}` : '';
  return cluster.pid
    ? `its process is on ${cluster.host}${number}`
    : `its process waits in the queue${number}`;
}

function Actions(props: KnownProps): JSX.Element {
  const { cluster, actions, model } = props;
  const { act, busy, error } = useAct(model);
  const done = (action: () => Promise<void> | void) =>
    act(async () => {
      await action();
      await model.refresh();
    });
  const running = cluster.state === 'running';
  const buttons: [string, () => Promise<void> | void, boolean][] = [
    ['Scale', actions.scale, running],
    ['Dask dashboard', actions.dashboard, cluster.dashboard !== null],
    ['Start again', () => actions.again(cluster.request), !isLiving(cluster)],
    ['Stop', actions.stop, canStop(cluster)]
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
              kind={label === 'Stop' ? 'warn' : 'reject'}
              disabled={busy}
              onClick={() => void done(action)()}
            />
          ))}
      </div>
      <Trouble error={error} />
    </>
  );
}

/** The lines by which a notebook reaches it, with the workbench and without. */
function Connect(props: { code: IConnectCode }): JSX.Element {
  const ways: [string, string, string][] = [
    ['Workbench', 'where science-workbench is installed', props.code.workbench],
    ['Dask alone', 'with the certificates by their paths', props.code.dask]
  ];
  const copy = (code: string) => {
    Clipboard.copyToSystem(code);
    Notification.success('Code copied.', { autoClose: 2000 });
  };
  return (
    <section aria-label="Connect a notebook">
      <h2>Connect a notebook</h2>
      {ways.map(([name, where, code], n) => (
        <details key={name} open={n === 0} className="jp-Workbench-own">
          <summary>
            {name}: {where}
          </summary>
          <pre className="jp-Workbench-json" tabIndex={0} aria-label={name}>
            {code}
          </pre>
          <div className="jp-Workbench-actions">
            <Button
              label="Copy"
              name={`Copy the code: ${name}`}
              onClick={() => copy(code)}
            />
          </div>
        </details>
      ))}
    </section>
  );
}
