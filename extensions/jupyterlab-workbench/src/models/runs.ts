import type {
  IItem,
  IRetryRequest,
  IRun,
  IRunPage,
  IRunRequest,
  IRuns
} from '../documents';
import type { Rest } from '../rest';
import { isLive } from '../words';
import { PolledModel } from './polled';

// With clusters and the live ones this is less than four requests a minute.
const CALM = 70_000;
const BUSY = 2_000;
const PAGE = 50;
// The server's longest page; what is older is found by searching.
const MOST = 500;

/** The list of runs as the panel shows it: searched, filtered, a page more at a time. */
export class RunsModel extends PolledModel {
  constructor(private _rest: Rest) {
    super({ interval: CALM, name: 'workbench:runs' });
  }

  get runs(): IRun[] {
    return this._page?.runs ?? [];
  }

  /** How many fit the search; undefined as long as nobody asked. */
  get total(): number | undefined {
    return this._page?.total;
  }

  /** Whether there are more than are shown, and they can be shown. */
  get more(): boolean {
    return this.cut && this._limit < MOST;
  }

  /** Whether there are more than are shown. */
  get cut(): boolean {
    return !!this._page?.next;
  }

  /** Whether the server still reads through the runs. */
  get reading(): boolean {
    return this._page ? !this._page.complete : false;
  }

  get text(): string {
    return this._text;
  }

  get state(): string {
    return this._state;
  }

  /** Search; both empty for all. */
  async search(text: string, state: string): Promise<void> {
    this._text = text;
    this._state = state;
    this._limit = PAGE;
    await this.refresh();
  }

  /** Show a page more. */
  async showMore(): Promise<void> {
    this._limit = Math.min(MOST, this._limit + PAGE);
    await this.refresh();
  }

  protected async fetch(): Promise<void> {
    this._page = await this._rest.get<IRuns>(['runs'], {
      text: this._text,
      state: this._state,
      limit: this._limit
    });
    const busy = this.reading || this.runs.some(run => isLive(run.state));
    this.pace(busy ? BUSY : CALM);
  }

  private _limit = PAGE;
  private _page: IRuns | undefined;
  private _state = '';
  private _text = '';
}

/** One run. */
export class RunModel extends PolledModel {
  constructor(
    private _rest: Rest,
    readonly id: string
  ) {
    super({ interval: 1000, name: `workbench:run-${id}` });
  }

  /** Everything about it; undefined as long as it is not known. */
  get run(): IRunPage | undefined {
    return this._run;
  }

  /** Items a second, over the last looks; undefined while that is not known. */
  get rate(): number | undefined {
    const [first, last] = [this._past[0], this._past[this._past.length - 1]];
    if (!first || last.time - first.time < 2000 || last.done === first.done) {
      return undefined;
    }
    return ((last.done - first.done) * 1000) / (last.time - first.time);
  }

  async stop(): Promise<void> {
    await this._do('stop');
  }

  async resume(acceptCode: boolean): Promise<void> {
    await this._do('resume', { accept_code: acceptCode });
  }

  /** Compute failed items again: these, or all of them. */
  async retry(acceptCode: boolean, items?: IItem[]): Promise<void> {
    const chosen: { [stage: string]: number[] } = {};
    for (const { stage, index } of items ?? []) {
      chosen[stage] = [...(chosen[stage] ?? []), index];
    }
    const request: IRetryRequest = {
      accept_code: acceptCode,
      items: items ? chosen : null
    };
    await this._do('retry', request);
  }

  protected async fetch(): Promise<void> {
    this._take(await this._rest.get<IRunPage>(['runs', this.id]));
  }

  private async _do(verb: string, body: object = {}): Promise<void> {
    this._take(await this._rest.post<IRunPage>(['runs', this.id, verb], body));
    await this.refresh();
  }

  private _take(run: IRunPage): void {
    this._run = run;
    if (!isLive(run.state)) {
      this._past = [];
      // What is at its end is not asked for again.
      this.pace(run.state === 'interrupted' ? CALM : 0);
      return;
    }
    this.pace(1000);
    this._past.push({ time: Date.now(), done: run.items.done });
    this._past = this._past.slice(-60);
  }

  private _past: { time: number; done: number }[] = [];
  private _run: IRunPage | undefined;
}

/** Start a run. */
export async function startRun(
  rest: Rest,
  request: IRunRequest
): Promise<IRunPage> {
  return rest.post<IRunPage>(['runs'], request);
}
