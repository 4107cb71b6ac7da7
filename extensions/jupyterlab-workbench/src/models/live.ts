import type { IStateDB } from '@jupyterlab/statedb';
import { type ISignal, Signal } from '@lumino/signaling';
import type { IRun, IRunPage, IRuns } from '../documents';
import { RestError, type Rest } from '../rest';
import { isLive, LIVE_STATES } from '../words';
import { PolledModel } from './polled';

const CALM = 30_000;
const BUSY = 3_000;
// Deleted, which is no news to whoever did it; or damaged, which its page tells.
const NO_NEWS = [404, 409];
const KEY = 'jupyterlab-science-workbench:live';

/**
 * The runs that go on.  It is asked for also while nobody looks, every 30 s, so that the end of a
 * run is told; which ones were seen is kept, so that an end is told at the next visit too.
 */
export class LiveModel extends PolledModel {
  constructor(
    private _rest: Rest,
    private _state: IStateDB | null
  ) {
    super({ interval: CALM, name: 'workbench:live', standby: 'never' });
  }

  get runs(): IRun[] {
    return this._runs;
  }

  /** Emitted for each run that has come to its end. */
  get ended(): ISignal<this, LiveModel.IEnd> {
    return this._ended;
  }

  /** Learn which runs were going on at the last visit. */
  async restore(): Promise<void> {
    const known = await this._state?.fetch(KEY);
    if (Array.isArray(known)) {
      this._known = new Set(known.map(String));
      this._missed = true;
    }
  }

  /** Watch a run from its first moment. */
  follow(id: string): void {
    this._known.add(id);
    void this.refresh();
  }

  protected async fetch(): Promise<void> {
    const found = await this._rest.get<IRuns>(['runs'], {
      state: LIVE_STATES,
      limit: 100
    });
    this._runs = found.runs;
    const there = new Set(found.runs.map(run => run.run_id));
    // Those of further pages go on too.
    const gone = [...this._known].filter(id => !found.next && !there.has(id));
    there.forEach(id => this._known.add(id));
    await this._keep();
    const hidden = document.visibilityState === 'hidden';
    this.pace(there.size && !hidden ? BUSY : CALM);
    await this._tellAll(gone);
    this._missed = false;
  }

  private async _keep(): Promise<void> {
    await this._state?.save(KEY, [...this._known]);
  }

  /** Tell of ends; one that cannot be told yet holds up no other. */
  private async _tellAll(gone: string[]): Promise<void> {
    const failures: unknown[] = [];
    for (const id of gone) {
      await this._tell(id).catch(error => failures.push(error));
    }
    if (failures.length) {
      throw failures[0];
    }
  }

  /** Tell of an end; the run is known until that has been done. */
  private async _tell(id: string): Promise<void> {
    try {
      const run = await this._rest.get<IRunPage>(['runs', id]);
      if (isLive(run.state)) {
        // It has begun after the list, or the server has not read it yet.
        return;
      }
      this._ended.emit({ run, missed: this._missed });
    } catch (error) {
      if (!(error instanceof RestError && NO_NEWS.includes(error.status))) {
        throw error;
      }
    }
    this._known.delete(id);
    await this._keep();
  }

  private _ended = new Signal<this, LiveModel.IEnd>(this);
  private _known = new Set<string>();
  private _missed = false;
  private _runs: IRun[] = [];
}

export namespace LiveModel {
  /** The end of a run. */
  export interface IEnd {
    run: IRunPage;
    /** Whether it ended while nobody was there. */
    missed: boolean;
  }
}
