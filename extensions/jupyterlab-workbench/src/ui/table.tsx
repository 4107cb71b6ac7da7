import { useRef, useState } from 'react';
import type { IRows, IRunPage, ITableColumn } from '../documents';
import { type Rest, RestError } from '../rest';
import { count, isLive } from '../words';
import { Grid } from './grid';
import { useQuestion } from './hooks';
import { Button, Skeleton, Trouble } from './parts';
import { type IOrder, RowsModel } from './rowsmodel';

const OPERATORS = [
  ['~', 'contains'],
  ['=', '='],
  ['!=', '≠'],
  ['<', '<'],
  ['<=', '≤'],
  ['>', '>'],
  ['>=', '≥']
];

/** The result as a table: sorted and filtered by the server, page by page. */
export function TableTab(props: {
  run: IRunPage;
  rest: Rest;
  theme: string | null;
}): JSX.Element {
  const { run, rest } = props;
  const [order, setOrder] = useState<IOrder>({ sort: '', filter: [] });
  const [model, setModel] = useState<RowsModel>();
  const [error, setError] = useState<Error | null>(null);
  const [refused, setRefused] = useState<Error | null>(null);
  const latest = useRef(order);
  latest.current = order;
  const begun = run.items.done > 0 || !isLive(run.state);
  const ask = async () => {
    if (!begun) {
      return;
    }
    try {
      setModel(await RowsModel.open(rest, run.run_id, order, setError));
      setError(null);
    } catch (reason) {
      if (model && reason instanceof RestError && reason.status === 422) {
        // What cannot be met is told, and does not stand in the way of the next.
        if (latest.current === order) {
          setRefused(reason);
          setOrder(model.order);
        }
        return;
      }
      setError(reason as Error);
    }
  };
  const choose = (next: IOrder) => {
    setRefused(null);
    setOrder(next);
  };
  useQuestion(ask, [run.run_id, order, begun, run.items.done, run.state]);
  if (!begun) {
    return (
      <p className="jp-Workbench-empty">
        Rows appear here with the first results.
      </p>
    );
  }
  if (!model) {
    return error ? <Trouble error={error} /> : <Skeleton lines={8} />;
  }
  const { columns } = model.first;
  if (!columns.length) {
    return <p className="jp-Workbench-empty">This recipe shows no table.</p>;
  }
  const told = summary(model.first, model.order);
  const sortBy = (name: string) =>
    choose({
      ...order,
      sort: order.sort === name ? `-${name}` : name
    });
  return (
    <>
      <div className="jp-Workbench-tools">
        <Sorting
          columns={columns}
          usual={model.first.order.length ? 'Best first' : 'As computed'}
          order={order}
          set={choose}
        />
        <Filtering columns={columns} order={order} set={choose} />
        <a
          className="jp-Workbench-button jp-mod-end"
          href={rest.url(['runs', run.run_id, 'rows.csv'], { ...order })}
          download={`${run.run_id}.csv`}
        >
          Download CSV
        </a>
      </div>
      <Trouble error={refused ?? error} />
      <p role="status" className="jp-mod-more">
        {told}
      </p>
      <Grid model={model} summary={told} theme={props.theme} sort={sortBy} />
    </>
  );
}

function summary(table: IRows, order: IOrder): string {
  const { columns, total, unfiltered } = table;
  const rows =
    total === unfiltered
      ? rowsWords(total)
      : `${count(total)} of ${rowsWords(unfiltered)}`;
  const name = order.sort.replace(/^-/, '');
  const sorted = name
    ? `, sorted by ${name}, ${order.sort === name ? 'smallest' : 'largest'} first`
    : table.order.length
      ? ', the best first'
      : '';
  return `${rows}, ${columns.length} columns${sorted}`;
}

function rowsWords(number: number): string {
  return `${count(number)} row${number === 1 ? '' : 's'}`;
}

/** A filter as a person says it. */
function filterWords(filter: string): string {
  const [, column, sign, value] =
    /^(\w+?)(!=|<=|>=|=|<|>|~)(.*)$/s.exec(filter) ?? [];
  const words = OPERATORS.find(([one]) => one === sign)?.[1] ?? sign;
  return `${column} ${words} ${value}`;
}

interface IToolProps {
  columns: ITableColumn[];
  order: IOrder;
  set: (order: IOrder) => void;
}

function Sorting(props: IToolProps & { usual: string }): JSX.Element {
  const { columns, usual, order, set } = props;
  const name = order.sort.replace(/^-/, '');
  const descending = order.sort.startsWith('-');
  return (
    <span className="jp-mod-tool">
      <select
        className="jp-mod-styled"
        aria-label="Sort by"
        value={name}
        onChange={event => set({ ...order, sort: event.target.value })}
      >
        <option value="">{usual}</option>
        {columns.map(column => (
          <option key={column.name} value={column.name}>
            By {column.name}
          </option>
        ))}
      </select>
      {name && (
        <Button
          label={descending ? 'Largest first' : 'Smallest first'}
          onClick={() =>
            set({ ...order, sort: descending ? name : `-${name}` })
          }
        />
      )}
    </span>
  );
}

function Filtering(props: IToolProps): JSX.Element {
  const { columns, order, set } = props;
  const [column, setColumn] = useState(columns[0].name);
  const [operator, setOperator] = useState('~');
  const [value, setValue] = useState('');
  const add = (event: React.FormEvent) => {
    event.preventDefault();
    if (value) {
      set({ ...order, filter: [...order.filter, column + operator + value] });
      setValue('');
    }
  };
  return (
    <form className="jp-mod-tool" onSubmit={add} aria-label="Filter rows">
      <select
        className="jp-mod-styled"
        aria-label="Filter column"
        value={column}
        onChange={event => setColumn(event.target.value)}
      >
        {columns.map(one => (
          <option key={one.name}>{one.name}</option>
        ))}
      </select>
      <select
        className="jp-mod-styled"
        aria-label="Comparison"
        value={operator}
        onChange={event => setOperator(event.target.value)}
      >
        {OPERATORS.map(([sign, words]) => (
          <option key={sign} value={sign}>
            {words}
          </option>
        ))}
      </select>
      <input
        className="jp-mod-styled"
        aria-label="Filter value"
        placeholder="Value"
        value={value}
        onChange={event => setValue(event.target.value)}
      />
      <button
        type="submit"
        className="jp-mod-styled jp-mod-reject jp-Workbench-button"
      >
        Filter
      </button>
      {order.filter.map((one, n) => (
        <Button
          key={n}
          label={`${filterWords(one)} ✕`}
          title="Remove this filter"
          onClick={() =>
            set({ ...order, filter: order.filter.filter((_, i) => i !== n) })
          }
        />
      ))}
    </form>
  );
}
