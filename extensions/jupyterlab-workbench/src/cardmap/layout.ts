import type { ICardRange, ICards } from '../models/cards';
import { unfolded } from './hosts';

/** Between two nodes, in widths of a card. */
const GAP = 0.5;
const WIDER = [1, 1.25, 1.5, 2, 3];

/** A node: its name, and where its cards begin in the states. */
export interface INode {
  name: string;
  start: number;
}

/** The nodes with one kind of card in one partition, in rows of `across` nodes. */
export interface IBlock {
  partition: string;
  kind: string;
  perNode: number;
  columns: number;
  nodes: INode[];
  across: number;
  top: number;
}

/** All blocks, one below the other; lengths are in widths of a card. */
export interface ILayout {
  blocks: IBlock[];
  width: number;
  height: number;
}

/** Where something is: a node, and perhaps one of its cards. */
export interface ISpot {
  block: number;
  node: number;
  card: number | null;
}

export function pitch(block: IBlock): { x: number; y: number } {
  return {
    x: block.columns + GAP,
    y: Math.ceil(block.perNode / block.columns) + GAP
  };
}

/** Lay cards out so that they fill a place of this size, headings of so many pixels included. */
export function layout(
  cards: ICards,
  place: { width: number; height: number; heading: number }
): ILayout {
  const blocks = grouped(cards.index);
  const area = blocks.reduce((sum, block) => {
    const { x, y } = pitch(block);
    return sum + x * y * block.nodes.length;
  }, 0);
  const rest = Math.max(
    place.height - blocks.length * place.heading,
    place.height / 4
  );
  const widest = Math.max(...blocks.map(block => pitch(block).x), 1);
  const even = Math.sqrt((area * place.width) / rest);
  // Rows are whole nodes: with few of them a wider layout may be the larger one.
  const tried = WIDER.map(factor => {
    const width = Math.max(widest, even * factor);
    return { width, scale: scaleOf(blocks, width, place.width, rest) };
  });
  const { width, scale } = tried.reduce((best, one) =>
    one.scale > best.scale ? one : best
  );
  const heading = place.heading / scale;
  let top = 0;
  for (const block of blocks) {
    block.across = acrossIn(block, width);
    block.top = top + heading;
    top = block.top + rowsHeight(block, block.across);
  }
  return { blocks, width, height: Math.max(top, 1) };
}

/** Pixels a card, so that all nodes fit beside and below each other. */
function scaleOf(
  blocks: IBlock[],
  width: number,
  across: number,
  down: number
): number {
  const height = blocks.reduce(
    (sum, block) => sum + rowsHeight(block, acrossIn(block, width)),
    0
  );
  return Math.min(across / width, down / Math.max(height, 1));
}

function acrossIn(block: IBlock, width: number): number {
  return Math.max(1, Math.floor(width / pitch(block).x));
}

function rowsHeight(block: IBlock, across: number): number {
  return Math.ceil(block.nodes.length / across) * pitch(block).y + GAP / 2;
}

function grouped(index: ICardRange[]): IBlock[] {
  const blocks = new Map<string, IBlock>();
  for (const range of index) {
    const partition = range.partitions[0] ?? range.scheduler;
    const key = [partition, range.kind, range.per_node].join('\n');
    const block = blocks.get(key) ?? empty(partition, range);
    blocks.set(key, block);
    unfolded(range.nodes).forEach((name, n) => {
      block.nodes.push({ name, start: range.start + n * range.per_node });
    });
  }
  return [...blocks.values()];
}

function empty(partition: string, range: ICardRange): IBlock {
  let columns = Math.max(1, Math.ceil(Math.sqrt(range.per_node)));
  while (columns < range.per_node && range.per_node % columns) {
    columns += 1;
  }
  return {
    partition,
    kind: range.kind,
    perNode: range.per_node,
    columns,
    nodes: [],
    across: 1,
    top: 0
  };
}

/** The left upper corner of a node. */
export function corner(
  block: IBlock,
  node: number
): { left: number; top: number } {
  const { x, y } = pitch(block);
  return {
    left: (node % block.across) * x,
    top: block.top + Math.floor(node / block.across) * y
  };
}

/** What is at a place; null between blocks. */
export function spotAt(laid: ILayout, x: number, y: number): ISpot | null {
  for (const [number, block] of laid.blocks.entries()) {
    const step = pitch(block);
    const [across, down] = [
      Math.floor(x / step.x),
      Math.floor((y - block.top) / step.y)
    ];
    const node = down * block.across + across;
    if (
      x < 0 ||
      down < 0 ||
      across >= block.across ||
      node >= block.nodes.length
    ) {
      continue;
    }
    const { left, top } = corner(block, node);
    const [column, row] = [Math.floor(x - left), Math.floor(y - top)];
    const card = row * block.columns + column;
    const on = column < block.columns && card < block.perNode;
    return { block: number, node, card: on ? card : null };
  }
  return null;
}

/** The node that an arrow key leads to. */
export function moved(laid: ILayout, from: ISpot, key: string): ISpot {
  const block = laid.blocks[from.block];
  const last = block.nodes.length - 1;
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -block.across,
    ArrowDown: block.across,
    Home: -from.node,
    End: last - from.node
  };
  if (key in steps) {
    const node = from.node + steps[key];
    if (node >= 0 && node <= last) {
      return { block: from.block, node, card: null };
    }
    return neighbour(laid, from, node < 0 ? -1 : 1);
  }
  return neighbour(laid, from, key === 'PageUp' ? -1 : 1);
}

/** The last node of the block before, or the first one of the block behind. */
function neighbour(laid: ILayout, from: ISpot, step: number): ISpot {
  const block = from.block + step;
  if (block < 0 || block >= laid.blocks.length) {
    return from;
  }
  const node = step < 0 ? laid.blocks[block].nodes.length - 1 : 0;
  return { block, node, card: null };
}
