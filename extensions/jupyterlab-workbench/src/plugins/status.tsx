import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { LiveModel } from '../models/live';
import { CommandIDs, IWorkbench } from '../tokens';
import { useModel } from '../ui/hooks';
import { fraction } from '../words';

/** The runs that go on, in the status bar. */
export const status: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:status',
  description: 'Shows running runs of the science workbench in the status bar.',
  autoStart: true,
  requires: [IWorkbench, IStatusBar],
  activate: (app, { live }: IWorkbench, bar: IStatusBar) => {
    const open = () => {
      const only = live.runs.length === 1 ? live.runs[0].run_id : null;
      void app.commands.execute(
        only ? CommandIDs.openRun : CommandIDs.openPanel,
        only ? { id: only } : {}
      );
    };
    bar.registerStatusItem('jupyterlab-science-workbench:status', {
      item: ReactWidget.create(<RunningRuns live={live} open={open} />),
      align: 'left',
      rank: 10,
      isActive: () => live.runs.length > 0,
      activeStateChanged: live.changed as any
    });
  }
};

function RunningRuns(props: {
  live: LiveModel;
  open: () => void;
}): JSX.Element | null {
  const { live, open } = props;
  useModel(live);
  const { runs } = live;
  if (!runs.length) {
    return null;
  }
  const percent = Math.floor(
    (runs.map(fraction).reduce((a, b) => a + b) / runs.length) * 100
  );
  const words = runs.length === 1 ? '1 run' : `${runs.length} runs`;
  return (
    <button
      type="button"
      className="jp-Workbench-status"
      title="Runs of the science workbench that go on"
      onClick={open}
    >
      {words} {percent} %
    </button>
  );
}
