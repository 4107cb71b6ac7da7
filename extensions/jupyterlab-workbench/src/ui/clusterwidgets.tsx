import { IFrame, MainAreaWidget } from '@jupyterlab/apputils';
import { Panel } from '@lumino/widgets';
import { clusterWords } from '../clusterwords';
import type { ClusterModel } from '../models/clusters';
import { place } from '../words';
import { ClusterPage, type IClusterPageProps } from './clusterpage';
import { useModel } from './hooks';
import { LaunchPage } from './launchpage';
import { LookingWidget } from './looking';

/** The widget of a cluster's page; it keeps its model up to date while it is on the screen. */
export class ClusterWidget extends LookingWidget {
  constructor(private _options: IClusterPageProps) {
    super([_options.model]);
    this.addClass('jp-Workbench-page');
  }

  get model(): ClusterModel {
    return this._options.model;
  }

  override dispose(): void {
    super.dispose();
    this._options.model.dispose();
  }

  protected override render(): JSX.Element {
    return <ClusterPage {...this._options} />;
  }
}

/** The widget of the launch form. */
export class LaunchWidget extends LookingWidget {
  constructor(private _options: Parameters<typeof LaunchPage>[0]) {
    super([_options.workbench.pool, _options.workbench.clusters]);
    this.addClass('jp-Workbench-page');
  }

  protected override render(): JSX.Element {
    return <LaunchPage {...this._options} />;
  }
}

/** The Dask dashboard of a cluster, behind JupyterLab's login; it says when that has ended. */
export function dashboardWidget(
  model: ClusterModel,
  url: string
): MainAreaWidget {
  const frame = new IFrame({
    sandbox: ['allow-scripts', 'allow-same-origin', 'allow-forms']
  });
  frame.url = url;
  frame.node
    .querySelector('iframe')
    ?.setAttribute('title', `Dask dashboard of ${place(model.name)}`);
  const content = new Panel();
  content.addClass('jp-Workbench-dashboard');
  content.addWidget(new DashboardNote(model));
  content.addWidget(frame);
  return new MainAreaWidget({ content });
}

/** What stands above the dashboard of a cluster that draws it no more. */
class DashboardNote extends LookingWidget {
  constructor(private _model: ClusterModel) {
    super([_model]);
  }

  override dispose(): void {
    super.dispose();
    this._model.dispose();
  }

  protected override render(): JSX.Element {
    return <Ended model={this._model} />;
  }
}

function Ended(props: { model: ClusterModel }): JSX.Element | null {
  const { model } = props;
  useModel(model);
  const { cluster } = model;
  if (!cluster || cluster.dashboard !== null) {
    return null;
  }
  return (
    <div className="jp-Workbench-trouble" role="alert">
      {place(model.name)}: {clusterWords(cluster)}. What is seen below is the
      last that its dashboard drew.
    </div>
  );
}
