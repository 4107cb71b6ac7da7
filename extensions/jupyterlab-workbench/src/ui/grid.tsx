import {
  BasicKeyHandler,
  BasicMouseHandler,
  BasicSelectionModel,
  type CellRenderer,
  DataGrid,
  TextRenderer
} from '@lumino/datagrid';
import { Widget } from '@lumino/widgets';
import { useEffect, useLayoutEffect, useRef } from 'react';
import { headerWords, type RowsModel } from './rowsmodel';

const COLUMN = 130;
const WIDEST = 280;
// Pixels: of a letter and of what is left and right of it; and of a hand that shakes.
const LETTER = 7.5;
const MARGIN = 20;
const DRAGGED = 3;
const HANDLE = 6;

/** A column as wide as its name, which is what tells it from others. */
function width(words: string): number {
  const wanted = Math.ceil(words.length * LETTER + MARGIN);
  return Math.min(WIDEST, Math.max(COLUMN, wanted));
}

/** The rows on JupyterLab's own grid. */
export function Grid(props: {
  model: RowsModel;
  summary: string;
  theme: string | null;
  sort: (column: string) => void;
}): JSX.Element {
  const { model, summary, theme, sort } = props;
  const host = useRef<HTMLDivElement>(null);
  const drawn = useRef<DataGrid | null>(null);
  // Lumino attaches to, and detaches from, what is on the page.
  useLayoutEffect(() => {
    const place = host.current;
    if (!place) {
      return;
    }
    const grid = new DataGrid({
      defaultSizes: {
        rowHeight: 24,
        columnWidth: COLUMN,
        rowHeaderWidth: 64,
        columnHeaderHeight: 28
      }
    });
    grid.keyHandler = new BasicKeyHandler();
    grid.mouseHandler = new BasicMouseHandler();
    grid.copyConfig = {
      separator: '\t',
      headers: 'column',
      format: DataGrid.copyFormatGeneric,
      warningThreshold: 1e6
    };
    Widget.attach(grid, place);
    const fit = new ResizeObserver(() => grid.fit());
    fit.observe(place);
    drawn.current = grid;
    return () => {
      fit.disconnect();
      drawn.current = null;
      grid.dispose();
    };
  }, []);
  useEffect(() => {
    const grid = drawn.current;
    if (grid && host.current) {
      paint(grid, host.current);
    }
  }, [theme]);
  useEffect(() => {
    const grid = drawn.current;
    if (grid) {
      grid.dataModel = model;
      model.first.columns.forEach((column, n) => {
        grid.resizeColumn('body', n, width(headerWords(column)));
      });
      grid.selectionModel = new BasicSelectionModel({ dataModel: model });
    }
  }, [model]);
  const pressed = useRef({ x: 0, y: 0 });
  const header = (event: React.MouseEvent) => {
    const { clientX: x, clientY: y } = event;
    const { x: fromX, y: fromY } = pressed.current;
    const hit = drawn.current?.hitTest(x, y);
    // Who draws a column wider, or a selection up to its name, does not sort by it.
    const moved = Math.hypot(x - fromX, y - fromY) > DRAGGED;
    if (hit?.region === 'column-header' && !moved && !atEdge(hit)) {
      sort(model.first.columns[hit.column].name);
    }
  };
  return (
    <div
      ref={host}
      className="jp-Workbench-grid"
      role="group"
      aria-label={summary}
      onMouseDownCapture={event => {
        pressed.current = { x: event.clientX, y: event.clientY };
      }}
      onClick={header}
    />
  );
}

/** Whether a column is drawn wider or narrower there. */
function atEdge(hit: DataGrid.HitTestResult): boolean {
  return hit.x < HANDLE || hit.width - hit.x < HANDLE;
}

/** Take the colours of the theme. */
function paint(grid: DataGrid, place: HTMLElement): void {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  grid.style = {
    ...DataGrid.defaultStyle,
    voidColor: colour('--jp-layout-color1'),
    backgroundColor: colour('--jp-layout-color1'),
    headerBackgroundColor: colour('--jp-layout-color2'),
    gridLineColor: colour('--jp-border-color3'),
    headerGridLineColor: colour('--jp-border-color2')
  };
  const font = `12px ${style.fontFamily}`;
  const text = colour('--jp-ui-font-color1');
  const isNumber = ({ metadata }: CellRenderer.CellConfig) =>
    metadata.kind === 'number' || metadata.kind === 'integer';
  const renderer = new TextRenderer({
    font,
    textColor: text,
    elideDirection: 'right',
    format: config => shown(config.value, config.metadata.kind),
    horizontalAlignment: config => (isNumber(config) ? 'right' : 'left')
  });
  grid.cellRenderers.update({
    body: renderer,
    'row-header': new TextRenderer({
      font,
      textColor: colour('--jp-ui-font-color2'),
      horizontalAlignment: 'right'
    }),
    'column-header': new TextRenderer({
      font: `600 ${font}`,
      textColor: text,
      elideDirection: 'right',
      horizontalAlignment: config => (isNumber(config) ? 'right' : 'left')
    }),
    'corner-header': new TextRenderer({ font, textColor: text })
  });
}

function shown(value: any, kind: string): string {
  if (value === null || value === undefined) {
    return '';
  }
  if (kind === 'number' && typeof value === 'number') {
    const rounded = Number(value.toPrecision(5));
    const far = Math.abs(rounded) < 1e-3 || Math.abs(rounded) >= 1e6;
    return far && rounded ? rounded.toExponential() : String(rounded);
  }
  return String(value);
}
