import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import { RestError } from '../rest';

/**
 * Something on the server that is asked for again and again, as long as somebody looks at it.
 */
export abstract class PolledModel implements IDisposable {
  constructor(options: PolledModel.IOptions) {
    this._poll = new Poll({
      auto: false,
      factory: () => this._look(),
      frequency: {
        interval: options.interval,
        backoff: true,
        max: Math.max(60_000, options.interval)
      },
      name: options.name,
      linger: 0,
      standby: options.standby ?? 'when-hidden'
    });
  }

  /** Emitted after every look, also one that failed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What went wrong at the last look. */
  get error(): RestError | null {
    return this._error;
  }

  /** When the last look succeeded; milliseconds since 1970, 0 for never. */
  get seen(): number {
    return this._seen;
  }

  /** Whether somebody looks at it. */
  get isHeld(): boolean {
    return this._holders > 0;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._poll.dispose();
      Signal.clearData(this);
    }
  }

  /** Keep it up to date until the returned object is disposed of. */
  hold(): IDisposable {
    this._holders += 1;
    if (this._holders === 1) {
      void this._poll.refresh();
    }
    return new DisposableDelegate(() => {
      this._holders -= 1;
      if (this._holders === 0 && !this.isDisposed) {
        void this._poll.stop();
      }
    });
  }

  /** Look now. */
  async refresh(): Promise<void> {
    // What is under way may have begun before what is to be seen.
    await this._under?.catch(() => undefined);
    if (this.isDisposed) {
      return;
    }
    if (this._holders === 0) {
      await this._look().catch(() => undefined);
      return;
    }
    await this._poll.refresh();
    // It rejects when the model is disposed of meanwhile.
    await this._poll.tick.catch(() => undefined);
  }

  /** Look so often from now on; 0 stops. */
  protected pace(interval: number): void {
    const frequency = this._poll.frequency;
    const wanted = interval || Poll.NEVER;
    if (frequency.interval !== wanted) {
      this._poll.frequency = {
        ...frequency,
        interval: wanted,
        max: Math.max(60_000, wanted)
      };
    }
  }

  /** Ask the server. */
  protected abstract fetch(): Promise<void>;

  private _look(): Promise<void> {
    this._under = this._ask();
    return this._under;
  }

  private async _ask(): Promise<void> {
    try {
      await this.fetch();
      this._error = null;
      this._seen = Date.now();
    } catch (error) {
      this._error =
        error instanceof RestError
          ? error
          : new RestError(0, 'unexpected', String(error));
      if (this._error.code === 'not_found') {
        // What is gone is not asked for again by itself.
        this.pace(0);
      }
      // Thrown on, so that the poll asks more and more seldom.
      throw error;
    } finally {
      if (!this.isDisposed) {
        this._changed.emit();
      }
    }
  }

  private _changed = new Signal<this, void>(this);
  private _error: RestError | null = null;
  private _holders = 0;
  private _poll: Poll;
  private _seen = 0;
  private _under: Promise<void> | null = null;
}

export namespace PolledModel {
  export interface IOptions {
    /** Milliseconds between two looks. */
    interval: number;
    name: string;
    standby?: Poll.Standby;
  }
}
