/** Does things of one key one after the other: a second click finds what the first one opens. */
export class OneByOne {
  /** Do it once everything of this key that was asked for before is done. */
  async run(key: string, action: () => Promise<void>): Promise<void> {
    const next = (this._running.get(key) ?? Promise.resolve()).then(action);
    const settled = next.catch(() => undefined);
    this._running.set(key, settled);
    await next;
    if (this._running.get(key) === settled) {
      this._running.delete(key);
    }
  }

  private _running = new Map<string, Promise<void>>();
}
