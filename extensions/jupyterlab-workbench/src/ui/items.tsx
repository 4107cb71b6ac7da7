import { useState } from 'react';
import type { IItem, IItemsPage, IRunPage, IStageItems } from '../documents';
import type { Rest } from '../rest';
import { count, isLive, items } from '../words';
import { useQuestion } from './hooks';
import { Button, Skeleton, Trouble } from './parts';

const LIMIT = 100;
const WORDS = { done: 'done', failed: 'failed', not_run: 'not run' };

/** The items of a run, failed ones first with the reason. */
export function ItemsTab(props: {
  run: IRunPage;
  rest: Rest;
  retry: (items?: IItem[]) => Promise<void>;
}): JSX.Element {
  const { run, rest } = props;
  const [chosen, setChosen] = useState<IItem[]>([]);
  const [state, setState] = useState('');
  const [offset, setOffset] = useState(0);
  const [page, setPage] = useState<IItemsPage>();
  const [error, setError] = useState<Error | null>(null);
  const { done, failed } = run.items;
  const ask = async () => {
    try {
      const query = { state, offset, limit: LIMIT };
      setPage(await rest.get<IItemsPage>(['runs', run.run_id, 'items'], query));
      setError(null);
    } catch (reason) {
      setError(reason as Error);
    }
  };
  useQuestion(ask, [run.run_id, run.state, state, offset, done, failed]);
  const ended = !isLive(run.state);
  const again = () => {
    setChosen([]);
    void props.retry(chosen.length ? chosen : undefined).catch(setError);
  };
  if (!page) {
    return error ? <Trouble error={error} /> : <Skeleton lines={5} />;
  }
  return (
    <>
      <div className="jp-Workbench-tools">
        <select
          className="jp-mod-styled"
          aria-label="Show items by state"
          value={state}
          onChange={event => {
            setState(event.target.value);
            setOffset(0);
          }}
        >
          <option value="">All</option>
          {(['failed', 'not_run', 'done'] as const).map(word => (
            <option key={word} value={word}>
              {WORDS[word]} ({count(page.counts[word])})
            </option>
          ))}
        </select>
        {page.counts.failed > 0 && ended && (
          <Button
            label={
              chosen.length
                ? `Compute ${items(chosen.length)} again`
                : 'Compute failed items again'
            }
            onClick={again}
          />
        )}
        <Pages page={page} go={setOffset} />
      </div>
      <Trouble error={error} />
      {page.stages.length > 1 && <Stages stages={page.stages} />}
      <ItemTable
        items={page.items}
        chosen={chosen}
        choose={ended ? setChosen : null}
      />
    </>
  );
}

/** What each stage counts: its items are not those of another one. */
function Stages(props: { stages: IStageItems[] }): JSX.Element {
  return (
    <p className="jp-mod-more">{props.stages.map(stageWords).join(' · ')}</p>
  );
}

/** One stage, as `relax: 3 structure items, 2 done, 1 failed`. */
function stageWords(one: IStageItems): string {
  const states = (['done', 'failed', 'not_run'] as const).filter(
    state => one.counts[state] > 0
  );
  const all = states.reduce((sum, state) => sum + one.counts[state], 0);
  const each = states.map(
    state => `${count(one.counts[state])} ${WORDS[state]}`
  );
  const named = one.dim === one.stage ? '' : ` (one a ${one.dim})`;
  return [`${one.stage}: ${items(all)}${named}`, ...each].join(', ');
}

function Pages(props: {
  page: IItemsPage;
  go: (offset: number) => void;
}): JSX.Element {
  const { offset, total, items, stages } = props.page;
  const whole = stages.length > 1 ? ' in all stages' : '';
  return (
    <span className="jp-mod-end">
      <span role="status">
        {total
          ? `${count(offset + 1)} to ${count(offset + items.length)} of ${count(total)}${whole}`
          : 'No items'}
      </span>
      {total > LIMIT && (
        <>
          <Button
            label="Previous"
            disabled={offset === 0}
            onClick={() => props.go(Math.max(0, offset - LIMIT))}
          />
          <Button
            label="Next"
            disabled={offset + LIMIT >= total}
            onClick={() => props.go(offset + LIMIT)}
          />
        </>
      )}
    </span>
  );
}

const key = (item: IItem) => `${item.stage} ${item.index}`;

/** Items, of which failed ones can be chosen unless the run goes on. */
function ItemTable(props: {
  items: IItem[];
  chosen: IItem[];
  choose: ((items: IItem[]) => void) | null;
}): JSX.Element {
  const { chosen, choose } = props;
  const failed = props.items.filter(item => item.state === 'failed');
  const choosing = choose !== null && failed.length > 0;
  const picked = new Set(chosen.map(key));
  const all = failed.every(item => picked.has(key(item)));
  const without = (some: IItem[]) => {
    const names = new Set(some.map(key));
    return chosen.filter(item => !names.has(key(item)));
  };
  const set = (some: IItem[], on: boolean) =>
    choose?.(on ? [...without(some), ...some] : without(some));
  return (
    <table className="jp-Workbench-table">
      <thead>
        <tr>
          {choosing && (
            <th scope="col">
              <input
                type="checkbox"
                aria-label="Choose all failed items of this page"
                checked={all}
                onChange={event => set(failed, event.target.checked)}
              />
            </th>
          )}
          <th scope="col">State</th>
          <th scope="col">Item</th>
          <th scope="col">Stage</th>
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody>
        {props.items.map(item => (
          <tr key={key(item)} data-state={item.state}>
            {choosing && (
              <td>
                {item.state === 'failed' && (
                  <input
                    type="checkbox"
                    aria-label={`Choose ${item.name}`}
                    checked={picked.has(key(item))}
                    onChange={event => set([item], event.target.checked)}
                  />
                )}
              </td>
            )}
            <td>{WORDS[item.state]}</td>
            <th scope="row" title={item.name}>
              <span className="jp-mod-clamped">{item.name}</span>
            </th>
            <td>{item.stage}</td>
            <td>
              {item.message}
              {item.attempts > 1 && ` (tried ${item.attempts} times)`}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
