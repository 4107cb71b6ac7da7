import { ReactWidget } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { PolledModel } from '../models/polled';

/** A widget that keeps its model up to date as long as it is on the screen. */
export abstract class LookingWidget extends ReactWidget {
  constructor(private _models: PolledModel[]) {
    super();
  }

  override dispose(): void {
    this._release();
    super.dispose();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._hold();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._hold();
  }

  protected override onBeforeHide(message: Message): void {
    super.onBeforeHide(message);
    this._release();
  }

  protected override onBeforeDetach(message: Message): void {
    this._release();
    super.onBeforeDetach(message);
  }

  private _hold(): void {
    if (!this._held.length) {
      this._held = this._models.map(model => model.hold());
    }
  }

  private _release(): void {
    this._held.forEach(one => one.dispose());
    this._held = [];
  }

  private _held: IDisposable[] = [];
}
