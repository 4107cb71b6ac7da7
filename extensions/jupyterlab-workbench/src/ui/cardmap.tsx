import type { IThemeManager } from '@jupyterlab/apputils';
import { type RefObject, useEffect, useReducer, useRef, useState } from 'react';
import { CardCanvas, ZOOM } from '../cardmap/canvas';
import type { CardsModel, ICards } from '../models/cards';
import { count, duration } from '../words';
import { CardTable, counted, words } from './cardtable';
import { useModel } from './hooks';
import { LookingWidget } from './looking';
import { Button, Trouble } from './parts';
import { useTheme } from './theme';

const KEYS =
  'Arrow keys move from node to node, Page Up and Page Down from partition to partition, ' +
  'plus and minus zoom, Enter zooms to the node, Escape shows all.';
const TICK = 5000;
const STATES = ['free', 'others', 'mine', 'out'];

interface IProps {
  model: CardsModel;
  themes: IThemeManager | null;
}

/** The map of every card; it asks for them as long as it is on the screen. */
export class CardMapWidget extends LookingWidget {
  constructor(private _options: IProps) {
    super([_options.model]);
    this.addClass('jp-Workbench-cardmap');
  }

  override dispose(): void {
    super.dispose();
    this._options.model.dispose();
  }

  protected override render(): JSX.Element {
    return <CardMap {...this._options} />;
  }
}

function CardMap({ model, themes }: IProps): JSX.Element {
  useModel(model);
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const node = useRef<HTMLCanvasElement>(null);
  const canvas = useCanvas(node, model.cards, useTheme(themes), hidden);
  const { cards } = model;
  return (
    <>
      <header>
        <h1>Every card</h1>
        <Age model={model} />
        <Zoom canvas={canvas} />
      </header>
      <Trouble error={model.error} />
      {cards && !cards.states.length && (
        <p className="jp-Workbench-empty">
          There is no card here. They are drawn where this computer, or its
          scheduler, has some.
        </p>
      )}
      {cards && <Legend cards={cards} hidden={hidden} choose={setHidden} />}
      <div className="jp-Workbench-cardmap-body">
        <div
          className={`jp-Workbench-cardmap-picture${model.stale ? ' jp-mod-stale' : ''}`}
        >
          <canvas
            ref={node}
            tabIndex={0}
            role="application"
            aria-label={`Map of every card. ${KEYS}`}
            onKeyDown={event => {
              if (
                !event.ctrlKey &&
                !event.metaKey &&
                canvas?.press(event.key)
              ) {
                event.preventDefault();
                event.stopPropagation();
              }
            }}
            onPointerDown={event => canvas?.down(event)}
            onPointerMove={event => canvas?.move(event)}
            onPointerUp={event => canvas?.up(event)}
            onPointerLeave={() => canvas?.leave()}
          />
          {cards && canvas?.pointed && canvas.laid && (
            <div
              className="jp-Workbench-cardmap-tip"
              style={{ left: canvas.pointer.x, top: canvas.pointer.y }}
            >
              {words(canvas.pointed, cards, canvas.laid)}
            </div>
          )}
        </div>
        {cards && canvas?.laid && (
          <CardTable cards={cards} laid={canvas.laid} chosen={canvas.chosen} />
        )}
      </div>
    </>
  );
}

/** The canvas, drawn anew when anything changes that is seen on it. */
function useCanvas(
  node: RefObject<HTMLCanvasElement>,
  cards: ICards | null,
  theme: string | null,
  hidden: ReadonlySet<number>
): CardCanvas | null {
  const [canvas, setCanvas] = useState<CardCanvas | null>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    if (node.current) {
      const made = new CardCanvas(node.current);
      made.changed.connect(redraw);
      setCanvas(made);
      return () => made.dispose();
    }
    return undefined;
  }, [node]);
  useEffect(() => {
    if (canvas && cards) {
      canvas.show(cards);
      redraw();
    }
  }, [canvas, cards]);
  useEffect(() => canvas?.filter(hidden), [canvas, hidden]);
  useEffect(() => canvas?.recolour(), [canvas, theme]);
  return canvas;
}

function Zoom({ canvas }: { canvas: CardCanvas | null }): JSX.Element {
  return (
    <div role="group" aria-label="Zoom" className="jp-Workbench-actions">
      <Button label="+" name="Zoom in" onClick={() => canvas?.zoom(ZOOM)} />
      <Button
        label="−"
        name="Zoom out"
        onClick={() => canvas?.zoom(1 / ZOOM)}
      />
      <Button label="Show all" onClick={() => canvas?.fit()} />
    </div>
  );
}

/** How old the data is; it goes on by itself. */
function Age({ model }: { model: CardsModel }): JSX.Element {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(redraw, TICK);
    return () => clearInterval(timer);
  }, []);
  if (!model.seen) {
    return <p>Asking for the cards.</p>;
  }
  const age = `${duration(model.age)} old`;
  return (
    <p role={model.stale ? 'status' : undefined}>
      {model.stale
        ? `The scheduler does not answer now. This is what it showed before: ${age}.`
        : age}
    </p>
  );
}

/** What the colours mean; each can be switched off. */
function Legend(props: {
  cards: ICards;
  hidden: ReadonlySet<number>;
  choose: (hidden: ReadonlySet<number>) => void;
}): JSX.Element {
  const { cards, hidden, choose } = props;
  const counts = counted(cards.states);
  const toggled = (state: number) => {
    const next = new Set(hidden);
    if (!next.delete(state)) {
      next.add(state);
    }
    return next;
  };
  return (
    <div
      className="jp-Workbench-cardmap-legend"
      role="group"
      aria-label="Show cards that are"
    >
      {cards.meanings.map((meaning, state) => (
        <button
          key={meaning}
          type="button"
          aria-pressed={!hidden.has(state)}
          data-state={STATES[state]}
          onClick={() => choose(toggled(state))}
        >
          <span aria-hidden="true" />
          {meaning} <b>{count(counts[state])}</b>
        </button>
      ))}
    </div>
  );
}
