import type { Rest } from '../rest';
import { PolledModel } from './polled';

/** Nodes that are alike, one after the other; `start` is where their cards begin. */
export interface ICardRange {
  scheduler: string;
  nodes: string;
  count: number;
  kind: string;
  per_node: number;
  start: number;
  partitions: string[];
}

/** A byte a card, whose it is, and what the bytes mean. */
export interface ICards {
  meanings: string[];
  index: ICardRange[];
  states: Uint8Array;
}

const INTERVAL = 20_000;

/** The state of every single card. */
export class CardsModel extends PolledModel {
  constructor(private _rest: Rest) {
    super({ interval: INTERVAL, name: 'workbench:cards' });
  }

  /** The cards; the same object as long as none has changed. */
  get cards(): ICards | null {
    return this._cards;
  }

  /** How old the data is now, in seconds. */
  get age(): number {
    return this._age + (Date.now() - this.seen) / 1000;
  }

  /** Whether a scheduler did not answer when it was last asked. */
  get stale(): boolean {
    return this._stale || this.error !== null;
  }

  protected async fetch(): Promise<void> {
    const { bytes, headers } = await this._rest.bytes(
      ['pool', 'cards'],
      this._etag
    );
    if (bytes) {
      this._cards = unpacked(bytes);
      this._etag = headers.get('Etag') ?? '';
    }
    this._age = Number(headers.get('Workbench-Age-S') ?? 0);
    this._stale = headers.get('Workbench-Stale') === 'true';
  }

  private _cards: ICards | null = null;
  private _age = 0;
  private _etag = '';
  private _stale = false;
}

/** Length of the index (4 bytes, the lowest first), index, states. */
function unpacked(bytes: Uint8Array): ICards {
  const size = new DataView(bytes.buffer).getUint32(0, true);
  const head = new TextDecoder().decode(bytes.subarray(4, 4 + size));
  return { ...JSON.parse(head), states: bytes.subarray(4 + size) };
}
