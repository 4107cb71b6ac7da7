import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  type MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { workbenchIcon } from '../icons';
import { CommandIDs, IWorkbench } from '../tokens';
import type { IGiven } from '../ui/launchpage';
import { ClusterPages, CLUSTER, DASHBOARD } from './clusterpages';

const NAME = { type: 'string', description: 'The cluster' } as const;
const NAMED = {
  type: 'object',
  properties: { name: NAME },
  required: ['name']
} as const;

const LAUNCH = {
  type: 'object',
  properties: {
    name: NAME,
    partition: { type: 'string', description: 'Where; local is this computer' },
    accelerator: { type: 'string', description: 'The card of each worker' },
    workers: { type: 'integer' },
    between: {
      type: 'array',
      items: { type: 'integer' },
      description: 'Smallest and largest size'
    },
    time_limit_s: { type: 'number', description: 'Time limit of its jobs' },
    idle_timeout_s: { type: 'number', description: 'Ends itself when so idle' }
  }
} as const;

/** The pages of clusters, the launch form and the Dask dashboard in the main area. */
export const clusters: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:clusters',
  description: 'Pages of clusters, and the form that launches one.',
  autoStart: true,
  requires: [IWorkbench],
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (
    app,
    workbench: IWorkbench,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null
  ) => {
    const made = new ClusterPages(app, workbench);
    addCommands(app, made);
    palette?.addItem({
      command: CommandIDs.launchCluster,
      category: 'Science Workbench'
    });
    if (restorer) {
      restore(restorer, made);
    }
  }
};

function addCommands(app: JupyterFrontEnd, made: ClusterPages): void {
  const { commands } = app;
  commands.addCommand(CommandIDs.openCluster, {
    label: args => (args.name ? `Cluster ${args.name}` : 'Open Cluster'),
    describedBy: { args: NAMED },
    execute: args => made.openCluster(String(args.name))
  });
  commands.addCommand(CommandIDs.openDashboard, {
    label: args =>
      args.name ? `Dask Dashboard of ${args.name}` : 'Open Dask Dashboard',
    describedBy: { args: NAMED },
    execute: args => made.openDashboard(String(args.name))
  });
  commands.addCommand(CommandIDs.launchCluster, {
    label: 'Launch a Cluster',
    icon: workbenchIcon,
    describedBy: { args: LAUNCH },
    execute: args => made.openLaunch(args as IGiven)
  });
}

function restore(restorer: ILayoutRestorer, made: ClusterPages): void {
  const named = (prefix: string) => (widget: MainAreaWidget) => ({
    name: widget.id.slice(prefix.length)
  });
  const byId = (widget: MainAreaWidget) => widget.id;
  const kinds: [
    WidgetTracker<MainAreaWidget>,
    string,
    (widget: MainAreaWidget) => any
  ][] = [
    [made.clusters, CommandIDs.openCluster, named(CLUSTER)],
    [made.dashboards, CommandIDs.openDashboard, named(DASHBOARD)],
    [made.launches, CommandIDs.launchCluster, () => made.draft]
  ];
  for (const [tracker, command, args] of kinds) {
    void restorer.restore(tracker, { command, args, name: byId });
  }
}
