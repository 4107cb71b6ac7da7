import { DataModel } from '@lumino/datagrid';
import type { IRows, ITableColumn } from '../documents';
import type { Rest } from '../rest';

const LIMIT = 200;
const KEPT = 50;

/** How the table is sorted and filtered, as the server takes it. */
export interface IOrder {
  sort: string;
  filter: string[];
}

/** The name of a column, and its unit. */
export function headerWords(column: ITableColumn): string {
  return column.unit && column.unit !== '1'
    ? `${column.name} [${column.unit}]`
    : column.name;
}

/** Rows of a run, fetched page by page when the grid draws them. */
export class RowsModel extends DataModel {
  constructor(
    private _rest: Rest,
    private _run: string,
    readonly order: IOrder,
    readonly first: IRows,
    private _failed: (error: Error) => void
  ) {
    super();
    this._pages.set(0, first.rows);
  }

  /** Get the first page, which tells columns and number of rows. */
  static async open(
    rest: Rest,
    run: string,
    order: IOrder,
    failed: (error: Error) => void
  ): Promise<RowsModel> {
    const first = await fetchRows(rest, run, order, 0);
    return new RowsModel(rest, run, order, first, failed);
  }

  rowCount(region: DataModel.RowRegion): number {
    return region === 'body' ? this.first.total : 1;
  }

  columnCount(region: DataModel.ColumnRegion): number {
    return region === 'body' ? this.first.columns.length : 1;
  }

  data(region: DataModel.CellRegion, row: number, column: number): any {
    const told = this.first.columns[column];
    switch (region) {
      case 'corner-header':
        return '';
      case 'row-header':
        return row + 1;
      case 'column-header':
        return headerWords(told);
      case 'body':
        return this._cell(row, column);
    }
  }

  override metadata(
    region: DataModel.CellRegion,
    _row: number,
    column: number
  ): DataModel.Metadata {
    return region === 'body' || region === 'column-header'
      ? { kind: this.first.columns[column].kind }
      : DataModel.emptyMetadata;
  }

  private _cell(row: number, column: number): any {
    const number = Math.floor(row / LIMIT);
    const page = this._pages.get(number);
    if (page) {
      return page[row - number * LIMIT]?.[column] ?? '';
    }
    void this._load(number);
    return '…';
  }

  private async _load(number: number): Promise<void> {
    if (this._loading.has(number)) {
      return;
    }
    this._loading.add(number);
    try {
      const offset = number * LIMIT;
      const { rows } = await fetchRows(
        this._rest,
        this._run,
        this.order,
        offset
      );
      this._pages.set(number, rows);
      // The oldest go: a table may have millions of rows.
      const oldest = this._pages.keys().next().value;
      if (this._pages.size > KEPT && oldest !== undefined) {
        this._pages.delete(oldest);
      }
      this.emitChanged({
        type: 'cells-changed',
        region: 'body',
        row: offset,
        column: 0,
        rowSpan: rows.length,
        columnSpan: this.first.columns.length
      });
    } catch (error) {
      this._failed(error as Error);
    } finally {
      this._loading.delete(number);
    }
  }

  private _loading = new Set<number>();
  private _pages = new Map<number, any[][]>();
}

async function fetchRows(
  rest: Rest,
  run: string,
  order: IOrder,
  offset: number
): Promise<IRows> {
  return rest.get<IRows>(['runs', run, 'rows'], {
    sort: order.sort,
    filter: order.filter,
    offset,
    limit: LIMIT
  });
}
