import { LOCAL, startWords } from '../clusterwords';
import type { IClusterRequest, ILocalShare, IPartition } from '../documents';
import type { PoolModel } from '../models/pool';
import { count, place, size } from '../words';
import type { IDraft } from './draft';
import { Trouble } from './parts';

/** What would happen: cards, jobs, start, and the script as it would be sent. */
export function LaunchMeaning(props: {
  pool: PoolModel;
  request: IClusterRequest;
  draft: IDraft;
  wrong: boolean;
}): JSX.Element {
  const { pool, request, draft, wrong } = props;
  const { script } = draft;
  const here = request.partition === LOCAL;
  const partition = pool.pool?.partitions.find(
    one => one.name === request.partition
  );
  return (
    <aside className="jp-mod-side" aria-label="What will happen">
      <div
        className="jp-Workbench-meaning"
        role="status"
        aria-busy={draft.busy}
      >
        <h2>What will happen</h2>
        <dl>
          <dt>Where</dt>
          <dd>{partition?.title ?? place(request.partition ?? LOCAL)}</dd>
          <dt>Cards</dt>
          <dd>{cards(request, partition)}</dd>
          {here && (
            <>
              <dt>Workers</dt>
              <dd>{script?.local ? shares(script.local) : '–'}</dd>
            </>
          )}
          {!here && (
            <>
              <dt>Jobs</dt>
              <dd>
                {script?.script
                  ? jobs(script.jobs, script.workers_per_job)
                  : '–'}
              </dd>
              <dt>First start</dt>
              <dd>{firstStart(draft)}</dd>
            </>
          )}
        </dl>
        {wrong && <p>Something is wrong: see the marked fields.</p>}
        {draft.estimate?.start && !draft.estimate.start.refused && (
          <p className="jp-mod-more">
            An estimate rests on everybody’s time limits, and is often wrong in
            both directions.
          </p>
        )}
      </div>
      {script?.local?.warnings.map(warning => (
        <div key={warning} className="jp-Workbench-trouble" role="alert">
          {warning}
        </div>
      ))}
      <NoStart draft={draft} />
      <Trouble error={draft.error} />
      {!here && (
        <section aria-label="Job script" aria-busy={draft.busy}>
          <h2>Job script</h2>
          <pre className="jp-Workbench-script" tabIndex={0}>
            {script?.script ?? 'It stands here once nothing is wrong.'}
          </pre>
        </section>
      )}
    </aside>
  );
}

/** Why the scheduler sees no start: plain words first, its own folded. */
function NoStart(props: { draft: IDraft }): JSX.Element | null {
  const start = props.draft.estimate?.start;
  if (!start?.refused) {
    return null;
  }
  return (
    <div className="jp-Workbench-trouble" role="alert">
      <div>
        {start.title} sees no start for such a job. {start.refused}
      </div>
      <details className="jp-Workbench-own">
        <summary>In the words of {start.title}</summary>
        <pre tabIndex={0}>{start.words}</pre>
      </details>
    </div>
  );
}

function firstStart(draft: IDraft): string {
  const start = draft.estimate?.start;
  if (!start) {
    return draft.estimate ? 'not told' : '–';
  }
  return start.refused ? 'not in sight' : startWords(start);
}

function shares({ workers, memory_bytes }: ILocalShare): string {
  const each = `${size(memory_bytes)} of memory${workers > 1 ? ' each' : ''}`;
  return `${count(workers)}, ${each}`;
}

function jobs(n: number, workers: number): string {
  return workers > 1 ? `${count(n)} of ${count(workers)} workers` : count(n);
}

function cards(
  request: IClusterRequest,
  partition: IPartition | undefined
): string {
  const card = partition?.accelerators.find(
    one => one.name === request.accelerator
  );
  if (!card) {
    return 'none';
  }
  const [min, max] = request.between ?? [request.workers, request.workers];
  const number = min === max ? `${max ?? 1}` : `${min} to ${max}`;
  return `${number} × ${card.model}; ${count(card.cards.free)} are free now`;
}
