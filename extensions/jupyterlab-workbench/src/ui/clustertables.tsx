import { useState } from 'react';
import { JOB_WORDS } from '../clusterwords';
import type { ICard, IClusterJob, IWorkerProcess } from '../documents';
import { count, when } from '../words';
import { JobReason } from './clusterparts';
import { Button } from './parts';

const ROWS = 100;

/** The scheduler's jobs, the troubled first. */
export function JobTable(props: { jobs: IClusterJob[] }): JSX.Element {
  const jobs = [...props.jobs].sort(
    (a, b) => RANK.indexOf(a.state) - RANK.indexOf(b.state)
  );
  const [shown, more] = useRows(jobs);
  return (
    <section aria-label="Jobs">
      <h2>Jobs ({count(jobs.length)})</h2>
      {jobs.length === 0 && <p>No job is needed now.</p>}
      {jobs.length > 0 && (
        <table className="jp-Workbench-table">
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">State</th>
              <th scope="col">Why</th>
              <th scope="col">Start</th>
              <th scope="col">Exit</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(job => (
              <tr
                key={job.name}
                data-state={job.state === 'failed' ? 'failed' : undefined}
              >
                <th scope="row" title={job.name}>
                  {job.job_id ??
                    (job.state === 'failed' ? 'no number' : 'no number yet')}
                </th>
                <td>{JOB_WORDS[job.state]}</td>
                <td>
                  <JobReason job={job} />
                </td>
                <td>{job.start && started(job, job.start)}</td>
                <td>{job.exit}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more}
    </section>
  );
}

// What somebody looks for stands first.
const RANK: IClusterJob['state'][] = [
  'failed',
  'pending',
  'submitted',
  'starting',
  'finishing',
  'connected',
  'gone'
];

/** When it started; of one that waits, when its scheduler expects that. */
function started(job: IClusterJob, time: string): string {
  const waits = job.state === 'pending' || job.state === 'submitted';
  return waits ? `expected ${when(time)}` : when(time);
}

/** The workers, with host and card. */
export function WorkerTable(props: { workers: IWorkerProcess[] }): JSX.Element {
  const { workers } = props;
  const [shown, more] = useRows(workers);
  return (
    <section aria-label="Workers">
      <h2>Workers ({count(workers.length)})</h2>
      {workers.length === 0 && <p>No worker is connected.</p>}
      {workers.length > 0 && (
        <table className="jp-Workbench-table">
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">Host</th>
              <th scope="col">Card</th>
              <th scope="col">Job</th>
              <th scope="col">Process</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(worker => (
              <tr key={worker.name}>
                <th scope="row">{worker.name}</th>
                <td>{worker.host}</td>
                <td>{worker.card ? cardWords(worker.card) : 'none'}</td>
                <td>{worker.job_id}</td>
                <td>{worker.pid}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more}
    </section>
  );
}

function cardWords(card: ICard): string {
  const which = card.index === null ? '' : ` number ${card.index}`;
  return `${card.vendor} ${card.model}${which}${card.uuid ? ` (${card.uuid})` : ''}`;
}

/** The first rows, and the button that shows all. */
function useRows<T>(rows: T[]): [T[], JSX.Element | null] {
  const [all, setAll] = useState(false);
  if (all || rows.length <= ROWS) {
    return [rows, null];
  }
  const button = (
    <Button
      label={`Show all ${count(rows.length)}`}
      onClick={() => setAll(true)}
    />
  );
  return [rows.slice(0, ROWS), button];
}
