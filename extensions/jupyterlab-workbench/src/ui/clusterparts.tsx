import { Fragment } from 'react';
import { clusterWords, isLiving, JOB_WORDS } from '../clusterwords';
import type { ICluster, IClusterJob } from '../documents';
import { count } from '../words';

/** The state of a cluster: a sign, and words for who cannot see it. */
export function ClusterSign(props: { cluster: ICluster }): JSX.Element {
  const { cluster } = props;
  const { asked, connected } = cluster.workers;
  const full = cluster.state === 'running' && asked === connected;
  const sign =
    cluster.state === 'failed'
      ? '✗'
      : !isLiving(cluster)
        ? '○'
        : full
          ? '●'
          : '◐';
  return (
    <span
      className="jp-Workbench-sign"
      data-state={full ? 'completed' : cluster.state}
      role="img"
      aria-label={clusterWords(cluster)}
      title={clusterWords(cluster)}
    >
      {sign}
    </span>
  );
}

/** What the scheduler says of a job: plain words first, its own words folded. */
export function JobReason(props: { job: IClusterJob }): JSX.Element {
  const { plain, reason, log_tail } = props.job;
  const own = reason && plain && !plain.includes(reason) ? reason : null;
  const folded = [
    own && { title: 'In the scheduler’s words', text: own },
    log_tail && { title: 'The end of its log', text: log_tail }
  ].filter(one => !!one);
  return (
    <>
      {plain ?? reason ?? ''}
      {folded.map(({ title, text }) => (
        <details key={title} className="jp-Workbench-own">
          <summary>{title}</summary>
          <pre tabIndex={0}>{text}</pre>
        </details>
      ))}
    </>
  );
}

/** Jobs of which something is to be said, those of the same state and reason once. */
export function JobNotes(props: { jobs: IClusterJob[] }): JSX.Element {
  const groups = new Map<string, IClusterJob[]>();
  for (const job of props.jobs) {
    if (job.state !== 'connected' && job.state !== 'gone') {
      const key = `${job.state} ${job.reason ?? ''}`;
      groups.set(key, [...(groups.get(key) ?? []), job]);
    }
  }
  return (
    <>
      {[...groups.values()].map(jobs => (
        <Fragment key={jobs[0].name}>
          <div>
            {count(jobs.length)} job{jobs.length > 1 && 's'}{' '}
            {JOB_WORDS[jobs[0].state]}
            {(jobs[0].plain ?? jobs[0].reason) && ': '}
            <JobReason job={jobs[0]} />
          </div>
        </Fragment>
      ))}
    </>
  );
}
