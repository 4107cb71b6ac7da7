import { IFrame, MainAreaWidget } from '@jupyterlab/apputils';
import type { ClusterModel } from '../models/clusters';
import { ClusterPage, type IClusterPageProps } from './clusterpage';
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

/** The Dask dashboard of a cluster, behind JupyterLab's login. */
export function dashboardWidget(name: string, url: string): MainAreaWidget {
  const content = new IFrame({
    sandbox: ['allow-scripts', 'allow-same-origin', 'allow-forms']
  });
  content.url = url;
  content.node
    .querySelector('iframe')
    ?.setAttribute('title', `Dask dashboard of ${name}`);
  return new MainAreaWidget({ content });
}
