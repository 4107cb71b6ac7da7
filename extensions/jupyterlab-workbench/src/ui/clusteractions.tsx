import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ICluster, IField } from '../documents';
import type { ClustersModel } from '../models/clusters';
import { RestError } from '../rest';
import { workers } from '../clusterwords';
import { count, place } from '../words';
import { Trouble } from './parts';
import { type ISize, SizeField, sizeRequest } from './size';

/** Ask whether to stop a cluster, naming what ends with it, and stop it. */
export async function stopCluster(
  model: ClustersModel,
  name: string
): Promise<void> {
  // What is destroyed is told as it is at this moment.
  const cluster = await model.page(name);
  const result = await showDialog({
    title: `Stop ${place(name)}?`,
    body: (
      <>
        {destroyed(cluster).map((sentence, n) => (
          <p key={n}>{sentence}</p>
        ))}
      </>
    ),
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: `Stop ${place(name)}` })
    ]
  });
  if (result.button.accept) {
    await model.stop(name);
  }
}

function destroyed(cluster: ICluster): string[] {
  const { connected } = cluster.workers;
  const jobs = cluster.partition !== 'local';
  const found = [
    jobs
      ? `Its ${workers(connected)} and its jobs end, and their places in the queue are lost.`
      : `Its ${workers(connected)} ${connected === 1 ? 'ends' : 'end'}.`
  ];
  const { runs } = cluster;
  if (runs.length) {
    found.push(
      `${count(runs.length)} run${runs.length === 1 ? ' is' : 's are'} not at the end and will ` +
        `start it again: ${runs.join(', ')}. Stop ${runs.length === 1 ? 'it' : 'them'} first.`
    );
  }
  found.push('Finished runs and their results stay.');
  return found;
}

/** Ask for another size until it is taken or given up. */
export async function scaleCluster(
  model: ClustersModel,
  name: string
): Promise<void> {
  const { min, max } = (await model.page(name)).workers;
  let size: ISize = { grows: min !== max, workers: max, min, max };
  let error: Error | null = null;
  for (;;) {
    const body = new SizeBody(size, error);
    const result: Dialog.IResult<ISize> = await showDialog<ISize>({
      title: `How many workers shall ${place(name)} have?`,
      body,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Scale' })],
      focusNodeSelector: 'input[type="number"]'
    });
    if (!result.button.accept || !result.value) {
      return;
    }
    size = result.value;
    try {
      await model.scale(name, sizeRequest(size));
      return;
    } catch (reason) {
      error = reason as Error;
    }
  }
}

/** The size in a dialog, with what was wrong about the last one. */
class SizeBody extends ReactWidget implements Dialog.IBodyWidget<ISize> {
  constructor(
    private _size: ISize,
    private _error: Error | null
  ) {
    super();
    this.addClass('jp-Workbench-dialog');
  }

  getValue(): ISize {
    return this._size;
  }

  protected override render(): JSX.Element {
    const problems: IField[] =
      this._error instanceof RestError ? this._error.fields : [];
    return (
      <>
        <SizeField
          id="workbench-scale"
          size={this._size}
          problems={problems}
          onChange={size => {
            this._size = size;
            this.update();
          }}
        />
        <p>Workers that leave finish what they have in hand.</p>
        {!problems.length && <Trouble error={this._error} />}
      </>
    );
  }
}
