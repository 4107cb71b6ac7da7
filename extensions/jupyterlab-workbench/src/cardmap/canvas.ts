import { type ISignal, Signal } from '@lumino/signaling';
import type { ICards } from '../models/cards';
import {
  type ILayout,
  type ISpot,
  corner,
  layout,
  moved,
  spotAt
} from './layout';
import { type IPalette, type IView, paletteOf, raster } from './raster';

const HEADING = 22;
const LARGEST = 60;
export const ZOOM = 1.4;
/** Up to so many pixels a press is a click, not a drag. */
const STILL = 4;
/** From so many pixels on, a node's name has room above it. */
const NAMED = 96;

/** The canvas of the cards: what is seen of them, what is chosen and pointed at. */
export class CardCanvas {
  constructor(readonly node: HTMLCanvasElement) {
    this._size = new ResizeObserver(() => this._resized());
    this._size.observe(node);
    node.addEventListener('wheel', this._wheel, { passive: false });
  }

  /** Emitted when another node is chosen or pointed at, or all are laid out anew. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  chosen: ISpot | null = null;
  pointed: ISpot | null = null;
  /** Where the pointer is on the canvas, in pixels of CSS. */
  pointer = { x: 0, y: 0 };

  get laid(): ILayout | null {
    return this._laid;
  }

  dispose(): void {
    this._size.disconnect();
    cancelAnimationFrame(this._frame);
    this.node.removeEventListener('wheel', this._wheel);
    Signal.clearData(this);
  }

  /** Show other cards; what is seen stays where nodes stand as before. */
  show(cards: ICards): void {
    const alike =
      JSON.stringify(this._cards?.index) === JSON.stringify(cards.index);
    this._cards = cards;
    if (!alike) {
      this.chosen = this.pointed = null;
      this._lay();
    }
    this.draw();
  }

  /** Take the colours of the theme. */
  recolour(): void {
    this._palette = null;
    this.draw();
  }

  /** Show cards of these states only faintly. */
  filter(hidden: ReadonlySet<number>): void {
    this._hidden = hidden;
    this.draw();
  }

  /** Draw with the next frame. */
  draw(): void {
    this._frame ||= requestAnimationFrame(() => {
      this._frame = 0;
      this._draw();
    });
  }

  fit(): void {
    this._lay();
    this.draw();
  }

  zoom(
    factor: number,
    at = { x: this.node.width / 2, y: this.node.height / 2 }
  ): void {
    const { x, y, scale } = this._view;
    const next = Math.min(
      LARGEST * devicePixelRatio,
      Math.max(this._smallest, scale * factor)
    );
    this._view = {
      x: x + at.x / scale - at.x / next,
      y: y + at.y / scale - at.y / next,
      scale: next
    };
    this.draw();
  }

  /** Fill the place with the chosen node. */
  zoomToChosen(): void {
    if (this._laid && this.chosen) {
      const { left, top } = corner(
        this._laid.blocks[this.chosen.block],
        this.chosen.node
      );
      const scale = LARGEST * devicePixelRatio;
      this._view = {
        x: left - (this.node.width / scale - 4) / 2,
        y: top - (this.node.height / scale - 2) / 2,
        scale
      };
      this.draw();
    }
  }

  /** Move to another node by a key; say whether that key does anything here. */
  press(key: string): boolean {
    if (key === '+' || key === '=') {
      this.zoom(ZOOM);
    } else if (key === '-') {
      this.zoom(1 / ZOOM);
    } else if (key === '0' || key === 'Escape') {
      this.fit();
    } else if (key === 'Enter') {
      this.zoomToChosen();
    } else if (/^(Arrow|Page|Home$|End$)/.test(key) && this._laid) {
      const from = this.chosen;
      this.choose(
        from
          ? moved(this._laid, from, key)
          : this._laid.blocks.length
            ? { block: 0, node: 0, card: null }
            : null
      );
      this._reveal();
    } else {
      return false;
    }
    return true;
  }

  choose(spot: ISpot | null): void {
    this.chosen = spot;
    this._changed.emit();
    this.draw();
  }

  down(event: React.PointerEvent): void {
    this.node.setPointerCapture(event.pointerId);
    this._drag = { ...this._at(event), way: 0 };
  }

  move(event: React.PointerEvent): void {
    const at = this._at(event);
    if (this._drag) {
      const [dx, dy] = [at.x - this._drag.x, at.y - this._drag.y];
      this._drag = {
        ...at,
        way: this._drag.way + Math.abs(dx) + Math.abs(dy)
      };
      this._view.x -= dx / this._view.scale;
      this._view.y -= dy / this._view.scale;
      this.draw();
      return;
    }
    const spot = this._spot(at);
    if (JSON.stringify(spot) !== JSON.stringify(this.pointed)) {
      this.pointed = spot;
      this.pointer = {
        x: at.x / devicePixelRatio,
        y: at.y / devicePixelRatio
      };
      this._changed.emit();
    }
  }

  up(event: React.PointerEvent): void {
    if (this._drag && this._drag.way < STILL * devicePixelRatio) {
      this.choose(this._spot(this._at(event)));
    }
    this._drag = null;
  }

  leave(): void {
    if (this.pointed) {
      this.pointed = null;
      this._changed.emit();
    }
  }

  private _at(event: { clientX: number; clientY: number }) {
    const box = this.node.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) * devicePixelRatio,
      y: (event.clientY - box.top) * devicePixelRatio
    };
  }

  private _spot(at: { x: number; y: number }): ISpot | null {
    const { x, y, scale } = this._view;
    return this._laid && spotAt(this._laid, x + at.x / scale, y + at.y / scale);
  }

  private _wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, this._at(event));
  };

  private _resized(): void {
    const box = this.node.getBoundingClientRect();
    this.node.width = Math.round(box.width * devicePixelRatio);
    this.node.height = Math.round(box.height * devicePixelRatio);
    this._image = null;
    this.fit();
    // Cards that came before there was a place for them have one now.
    this._changed.emit();
  }

  private _lay(): void {
    const { width, height } = this.node;
    if (this._cards && width && height) {
      const heading = HEADING * devicePixelRatio;
      this._laid = layout(this._cards, { width, height, heading });
      const { width: w, height: h } = this._laid;
      this._smallest = Math.min(width / w, height / h);
      this._view = { x: 0, y: 0, scale: this._smallest };
    }
  }

  /** Bring the chosen node onto the screen. */
  private _reveal(): void {
    if (!this._laid || !this.chosen) {
      return;
    }
    const block = this._laid.blocks[this.chosen.block];
    const { left, top } = corner(block, this.chosen.node);
    const { scale } = this._view;
    const [wide, high] = [this.node.width / scale, this.node.height / scale];
    const within = (at: number, size: number, low: number, room: number) =>
      at < low ? at - 1 : at + size > low + room ? at + size + 1 - room : low;
    const rows = Math.ceil(block.perNode / block.columns);
    this._view.x = within(left, block.columns, this._view.x, wide);
    this._view.y = within(top, rows, this._view.y, high);
  }

  private _draw(): void {
    const context = this.node.getContext('2d', { alpha: false });
    const { width, height } = this.node;
    if (!context || !this._cards || !this._laid || !width || !height) {
      return;
    }
    this._palette ??= paletteOf(this.node);
    this._image ??= context.createImageData(width, height);
    raster(
      this._image,
      this._cards,
      this._laid,
      this._view,
      this._palette,
      this._hidden
    );
    context.putImageData(this._image, 0, 0);
    this._words(context, this._laid);
  }

  /** Headings of blocks, names of nodes where there is room, the frame of the chosen one. */
  private _words(context: CanvasRenderingContext2D, laid: ILayout): void {
    const { x, y, scale } = this._view;
    const style = getComputedStyle(this.node);
    context.fillStyle = context.strokeStyle = style.color;
    context.font = `${12 * devicePixelRatio}px ${style.fontFamily}`;
    for (const block of laid.blocks) {
      const cards = block.nodes.length * block.perNode;
      context.fillText(
        `${block.partition}: ${cards.toLocaleString('en')} of ${block.kind}`,
        Math.max(-x * scale, 4),
        (block.top - y) * scale - 5 * devicePixelRatio
      );
    }
    if (this.chosen) {
      const block = laid.blocks[this.chosen.block];
      const { left, top } = corner(block, this.chosen.node);
      const rows = Math.ceil(block.perNode / block.columns);
      const room = 2 * devicePixelRatio;
      context.lineWidth = room;
      context.strokeRect(
        (left - x) * scale - room,
        (top - y) * scale - room,
        block.columns * scale + room,
        rows * scale + room
      );
      if (block.columns * scale > NAMED * devicePixelRatio) {
        context.fillText(
          block.nodes[this.chosen.node].name,
          (left - x) * scale,
          (top - y) * scale - 6 * devicePixelRatio
        );
      }
    }
  }

  private _cards: ICards | null = null;
  private _changed = new Signal<this, void>(this);
  private _drag: { x: number; y: number; way: number } | null = null;
  private _frame = 0;
  private _hidden: ReadonlySet<number> = new Set();
  private _image: ImageData | null = null;
  private _laid: ILayout | null = null;
  private _palette: IPalette | null = null;
  private _size: ResizeObserver;
  private _smallest = 1;
  private _view: IView = { x: 0, y: 0, scale: 1 };
}
