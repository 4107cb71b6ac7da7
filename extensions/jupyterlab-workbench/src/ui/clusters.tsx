import {
  addIcon,
  editIcon,
  PanelWithToolbar,
  stopIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { useState } from 'react';
import {
  canStop,
  clusterWords,
  endsWords,
  isLiving,
  leftJobs,
  whereWords
} from '../clusterwords';
import type { ICluster, IClusterJob } from '../documents';
import type { ClustersModel } from '../models/clusters';
import { CommandIDs, type IWorkbench } from '../tokens';
import { count, place } from '../words';
import { ClusterSign, JobNotes } from './clusterparts';
import { useModel, useTick } from './hooks';
import { LookingWidget } from './looking';
import { IconButton, Skeleton, toolButton, Trouble } from './parts';

/** The section of the panel that lists clusters. */
export class ClustersSection extends PanelWithToolbar {
  constructor(workbench: IWorkbench, commands: CommandRegistry) {
    super();
    this.title.label = 'Clusters';
    this.addClass('jp-Workbench-section');
    this.toolbar.addItem(
      'launch',
      toolButton(addIcon, 'Launch a cluster', () => {
        void commands.execute(CommandIDs.launchCluster);
      })
    );
    this.addWidget(new ClusterList(workbench, commands));
  }
}

class ClusterList extends LookingWidget {
  constructor(
    private _workbench: IWorkbench,
    private _commands: CommandRegistry
  ) {
    super([_workbench.clusters]);
    this.addClass('jp-Workbench-list');
  }

  protected override render(): JSX.Element {
    const open = (name: string) => {
      void this._commands.execute(CommandIDs.openCluster, { name });
    };
    return <Clusters workbench={this._workbench} open={open} />;
  }
}

function Clusters(props: {
  workbench: IWorkbench;
  open: (name: string) => void;
}): JSX.Element {
  const { workbench, open } = props;
  const { clusters: model, live } = workbench;
  useModel(model);
  useModel(live);
  useTick(20_000);
  const [error, setError] = useState<Error | null>(null);
  const { clusters } = model;
  if (!clusters) {
    return model.error ? (
      <Trouble error={model.error} />
    ) : (
      <Skeleton lines={3} />
    );
  }
  const holds = (one: ICluster) => isLiving(one) || leftJobs(one);
  const living = clusters.filter(holds);
  const ended = clusters.filter(one => !holds(one));
  const row = (cluster: ICluster) => (
    <ClusterRow
      key={cluster.name}
      cluster={cluster}
      busy={live.runs.some(
        run => run.state === 'running' && run.clusters.includes(cluster.name)
      )}
      jobs={model.jobs(cluster.name)}
      model={model}
      open={open}
      failed={setError}
    />
  );
  return (
    <>
      <Trouble error={model.error ?? error} />
      <ul
        className={model.error ? 'jp-mod-stale' : ''}
        aria-label="Clusters that run"
      >
        {living.map(row)}
      </ul>
      {!living.length && (
        <p className="jp-Workbench-empty">
          No cluster runs. A run on this computer starts one by itself; press +
          for more.
        </p>
      )}
      {ended.length > 0 && (
        <details className="jp-Workbench-ended">
          <summary>Ended ({count(ended.length)})</summary>
          <ul aria-label="Clusters that have ended">{ended.map(row)}</ul>
        </details>
      )}
    </>
  );
}

function ClusterRow(props: {
  cluster: ICluster;
  /** Whether a run draws on it: the list is seldom asked for. */
  busy: boolean;
  jobs: IClusterJob[];
  model: ClustersModel;
  open: (name: string) => void;
  failed: (error: Error | null) => void;
}): JSX.Element {
  const { cluster, jobs, model, open, failed } = props;
  const { name, state } = cluster;
  const act = async (action: 'stopCluster' | 'scaleCluster'): Promise<void> => {
    failed(null);
    try {
      const actions = await import('./clusteractions');
      await actions[action](model, name);
    } catch (reason) {
      failed(reason as Error);
    }
  };
  const where = whereWords(cluster);
  const lines = [
    where === place(name) ? '' : where,
    clusterWords(cluster),
    props.busy ? '' : endsWords(cluster)
  ].filter(Boolean);
  const told = cluster.problem || (!isLiving(cluster) && cluster.reason);
  return (
    <li className="jp-Workbench-cluster">
      <button
        type="button"
        className="jp-Workbench-row"
        title={`${place(name)}: everything about it`}
        onClick={() => open(name)}
      >
        <span className="jp-mod-head">
          <ClusterSign cluster={cluster} />
          <span className="jp-mod-title">{place(name)}</span>
        </span>
        {lines.map(line => (
          <span key={line} className="jp-mod-more">
            {line}
          </span>
        ))}
      </button>
      <span className="jp-mod-tools">
        {state === 'running' && (
          <IconButton
            icon={editIcon}
            name={`Scale ${place(name)}`}
            onClick={() => void act('scaleCluster')}
          />
        )}
        {canStop(cluster) && (
          <IconButton
            icon={stopIcon}
            name={`Stop ${place(name)}`}
            onClick={() => void act('stopCluster')}
          />
        )}
      </span>
      {(told || jobs.length > 0) && (
        <div className="jp-mod-notes">
          {told && <div>{told}</div>}
          <JobNotes jobs={jobs} />
        </div>
      )}
    </li>
  );
}
