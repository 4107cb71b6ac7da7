import type { ICards } from '../models/cards';
import { type IBlock, type ILayout, corner, pitch } from './layout';

/** What of the cards is seen: `x` and `y` are at the left upper corner, `scale` pixels a card. */
export interface IView {
  x: number;
  y: number;
  scale: number;
}

/** Colours as pixels: of the ground, of what the legend hides, and of each state. */
export interface IPalette {
  ground: number;
  hidden: number;
  states: number[];
}

/** From so many pixels a card on, its state is also told by its shape. */
const SHAPES = 5;
export const MINE = 2;
export const OUT_OF_SERVICE = 3;

/**
 * Draw the cards that are seen, pixel by pixel: on computers without a graphics card, too, 32,000
 * cards take a few milliseconds.
 */
export function raster(
  image: ImageData,
  cards: ICards,
  laid: ILayout,
  view: IView,
  palette: IPalette,
  hidden: ReadonlySet<number>
): void {
  const pixels = new Uint32Array(image.data.buffer);
  pixels.fill(palette.ground);
  const gap = view.scale >= 3 ? Math.max(1, Math.round(view.scale / 10)) : 0;
  const size = Math.max(1, Math.round(view.scale) - gap);
  for (const block of laid.blocks) {
    for (const node of seen(block, view, image)) {
      const { left, top } = corner(block, node);
      const start = block.nodes[node].start;
      for (let card = 0; card < block.perNode; card++) {
        const x = left + (card % block.columns);
        const y = top + Math.floor(card / block.columns);
        const state = cards.states[start + card];
        const square = {
          left: Math.round((x - view.x) * view.scale),
          top: Math.round((y - view.y) * view.scale),
          size
        };
        const off = hidden.has(state);
        const colour = off ? palette.hidden : palette.states[state];
        fill(pixels, image, square, colour);
        if (!off && size >= SHAPES) {
          shape(pixels, image, square, state, palette);
        }
      }
    }
  }
}

/** The numbers of a block's nodes that are on the screen. */
function* seen(
  block: IBlock,
  view: IView,
  image: ImageData
): Generator<number> {
  const step = pitch(block);
  const rows = Math.ceil(block.nodes.length / block.across);
  const bottom = view.y + image.height / view.scale;
  const right = view.x + image.width / view.scale;
  const [first, last] = between(
    view.y - block.top,
    bottom - block.top,
    step.y,
    rows
  );
  const [west, east] = between(view.x, right, step.x, block.across);
  for (let row = first; row < last; row++) {
    for (let column = west; column < east; column++) {
      const node = row * block.across + column;
      if (node < block.nodes.length) {
        yield node;
      }
    }
  }
}

function between(
  from: number,
  to: number,
  step: number,
  most: number
): [number, number] {
  return [
    Math.max(0, Math.floor(from / step)),
    Math.min(most, Math.ceil(to / step))
  ];
}

interface ISquare {
  left: number;
  top: number;
  size: number;
}

/** Those out of service are hollow, mine have a dot. */
function shape(
  pixels: Uint32Array,
  image: ImageData,
  { left, top, size }: ISquare,
  state: number,
  palette: IPalette
): void {
  if (state === OUT_OF_SERVICE) {
    const edge = Math.max(1, Math.round(size / 6));
    const inner = {
      left: left + edge,
      top: top + edge,
      size: size - 2 * edge
    };
    fill(pixels, image, inner, palette.ground);
  } else if (state === MINE) {
    const edge = Math.round(size / 3);
    const dot = { left: left + edge, top: top + edge, size: size - 2 * edge };
    fill(pixels, image, dot, palette.ground);
  }
}

function fill(
  pixels: Uint32Array,
  image: ImageData,
  { left, top, size }: ISquare,
  colour: number
): void {
  const from = Math.max(0, left);
  const to = Math.min(image.width, left + size);
  if (to <= from) {
    return;
  }
  const bottom = Math.min(image.height, top + size);
  for (let y = Math.max(0, top); y < bottom; y++) {
    pixels.fill(colour, y * image.width + from, y * image.width + to);
  }
}

/** The colours of the theme, out of the style sheet. */
export function paletteOf(place: HTMLElement): IPalette {
  const style = getComputedStyle(place);
  const colour = (name: string) =>
    pixel(style.getPropertyValue(`--jp-workbench-card-${name}`).trim());
  return {
    ground: colour('ground'),
    hidden: colour('hidden'),
    states: ['free', 'others', 'mine', 'out'].map(colour)
  };
}

/** `#rrggbb`, or `#rgb`, as it lies in memory: red, green, blue, opaque. */
function pixel(hex: string): number {
  const digits = hex.slice(1);
  const whole = digits.length === 3 ? digits.replace(/./g, '$&$&') : digits;
  const number = parseInt(whole, 16);
  const [red, green, blue] = [number >> 16, (number >> 8) & 255, number & 255];
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
