import { IRouter, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CommandIDs, IWorkbench } from '../tokens';

const PATTERN = /[?&]workbench=/;

/** Links such as lab?workbench=recipe/ID&set.name=value: they fill in, and never run. */
export const links: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-science-workbench:links',
  description: 'Links to recipes and runs of the science workbench.',
  autoStart: true,
  requires: [IRouter, IWorkbench],
  activate: (app, router: IRouter) => {
    const { commands } = app;
    commands.addCommand(CommandIDs.openLink, {
      label: 'Open a Link to the Workbench',
      describedBy: {
        args: { type: 'object', properties: { search: { type: 'string' } } }
      },
      execute: async args => {
        const given = new URLSearchParams(String(args.search ?? ''));
        const [kind, id] = (given.get('workbench') ?? '').split(/\/(.*)/s);
        const values: { [name: string]: string } = {};
        for (const [name, value] of [...given]) {
          if (name.startsWith('set.')) {
            values[name.slice('set.'.length)] = value;
          }
          if (name === 'workbench' || name.startsWith('set.')) {
            given.delete(name);
          }
        }
        const left = given.size ? `?${given}` : '';
        router.navigate(`${router.current.path}${left}${router.current.hash}`, {
          skipRouting: true
        });
        await app.restored;
        await commands.execute(CommandIDs.openPanel);
        if (kind === 'recipe' && id) {
          const filled = Object.keys(values).length ? { values } : {};
          await commands.execute(CommandIDs.openRecipe, { id, ...filled });
        } else if (kind === 'run' && id) {
          await commands.execute(CommandIDs.openRun, { id });
        }
      }
    });
    router.register({ command: CommandIDs.openLink, pattern: PATTERN });
  }
};
