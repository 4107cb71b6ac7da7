import type { IPool } from '../documents';
import type { Rest } from '../rest';
import { LOCAL } from '../clusterwords';
import { PolledModel } from './polled';

const INTERVAL = 20_000;
const ALONE = 10 * 60_000;

/** Everything that the site lets the user compute on; asked for only while it is on the screen. */
export class PoolModel extends PolledModel {
  constructor(private _rest: Rest) {
    super({ interval: INTERVAL, name: 'workbench:pool' });
  }

  /** The last look; undefined as long as nobody asked. */
  get pool(): IPool | undefined {
    return this._pool;
  }

  /** How old the data is by now, in seconds. */
  get age(): number {
    return (this._pool?.age_s ?? 0) + (Date.now() - this.seen) / 1000;
  }

  /** Whether there is a scheduler; undefined as long as nobody asked. */
  get scheduled(): boolean | undefined {
    return this._pool && this._pool.scheduler !== LOCAL;
  }

  /** Ask, if nobody has. */
  async ensure(): Promise<void> {
    if (!this._pool) {
      await this.refresh();
    }
  }

  protected async fetch(): Promise<void> {
    this._pool = await this._rest.get<IPool>(['pool']);
    this.pace(this.scheduled ? INTERVAL : ALONE);
  }

  private _pool: IPool | undefined;
}
