import { PanelWithToolbar, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { LOCAL } from '../clusterwords';
import type { IPool } from '../documents';
import { mapIcon } from '../icons';
import type { PoolModel } from '../models/pool';
import { CommandIDs, type IWorkbench } from '../tokens';
import { duration, when } from '../words';
import { useModel, useTick } from './hooks';
import { CardLane, type ILaunch, kindsOf, NodeLane } from './lanes';
import { LookingWidget } from './looking';
import { Button, Skeleton, toolButton, Trouble } from './parts';

/** The section of the panel that shows what can be computed on. */
export class PoolSection extends PanelWithToolbar {
  constructor(workbench: IWorkbench, commands: CommandRegistry) {
    super();
    this.title.label = 'Pool';
    this.addClass('jp-Workbench-section');
    const { pool } = workbench;
    this.toolbar.addItem(
      'refresh',
      toolButton(refreshIcon, 'Look at the pool again', () => {
        void pool.refresh();
      })
    );
    // The map is a plugin of its own, which may be switched off.
    const map = toolButton(mapIcon, 'Map of every card', () => {
      void commands.execute(CommandIDs.openPool);
    });
    const show = () => map.setHidden(!commands.hasCommand(CommandIDs.openPool));
    commands.commandChanged.connect(show, map);
    show();
    this.toolbar.addItem('map', map);
    this.addWidget(new PoolLanes(pool, commands));
  }
}

class PoolLanes extends LookingWidget {
  constructor(
    private _model: PoolModel,
    private _commands: CommandRegistry
  ) {
    super([_model]);
    this.addClass('jp-Workbench-list');
  }

  protected override render(): JSX.Element {
    const launch: ILaunch = (partition, accelerator) => {
      void this._commands.execute(CommandIDs.launchCluster, {
        partition,
        ...(accelerator ? { accelerator } : {})
      });
    };
    return <Lanes model={this._model} launch={launch} />;
  }
}

function Lanes(props: { model: PoolModel; launch: ILaunch }): JSX.Element {
  const { model, launch } = props;
  useModel(model);
  useTick(5_000);
  const { pool } = model;
  if (!pool) {
    return model.error ? (
      <Trouble error={model.error} />
    ) : (
      <Skeleton lines={4} />
    );
  }
  const stale = pool.stale || !!model.error;
  return (
    <>
      <Trouble error={model.error} />
      <Age model={model} pool={pool} stale={stale} />
      <Said problems={pool.problems} />
      <div className={stale ? 'jp-mod-stale' : ''}>
        {kindsOf(pool).map(({ title, lanes }) => (
          <section key={title} aria-label={title}>
            <h3>{title}</h3>
            <ul>
              {lanes.map(({ partition, accelerator }) => (
                <li key={partition.name}>
                  {accelerator ? (
                    <CardLane
                      partition={partition}
                      accelerator={accelerator}
                      launch={launch}
                    />
                  ) : (
                    <NodeLane partition={partition} launch={launch} />
                  )}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      {!model.scheduled && <Alone launch={launch} />}
    </>
  );
}

/** How old the data is; what is stale says since when. */
function Age(props: {
  model: PoolModel;
  pool: IPool;
  stale: boolean;
}): JSX.Element | null {
  const { model, pool, stale } = props;
  if (!model.scheduled) {
    return null;
  }
  return (
    <div className="jp-Workbench-foot" role={stale ? 'status' : undefined}>
      {stale
        ? `${pool.scheduler} does not answer. This is from ${when(pool.collected)}, ${duration(model.age)} ago.`
        : `${pool.scheduler}, ${duration(model.age)} ago`}
    </div>
  );
}

/** What went wrong at the look, the first sentence at once. */
function Said(props: { problems: string[] }): JSX.Element | null {
  const [first, ...others] = props.problems;
  if (!first) {
    return null;
  }
  return (
    <div className="jp-Workbench-problem">
      {first}
      {others.length > 0 && (
        <details>
          <summary>{others.length} more</summary>
          {others.map((problem, n) => (
            <p key={n}>{problem}</p>
          ))}
        </details>
      )}
    </div>
  );
}

function Alone(props: { launch: ILaunch }): JSX.Element {
  return (
    <>
      <p className="jp-Workbench-empty">
        No scheduler is seen from here: clusters run on this computer.
      </p>
      <Button
        label="Launch a cluster here"
        onClick={() => props.launch(LOCAL, null)}
      />
    </>
  );
}
