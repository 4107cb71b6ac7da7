import {
  Clipboard,
  Dialog,
  Notification,
  showDialog
} from '@jupyterlab/apputils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ICode, IContentsPath } from '../documents';
import type { RunModel } from '../models/runs';
import { RestError } from '../rest';
import { CommandIDs, type IWorkbench } from '../tokens';
import { size } from '../words';
import type { IRunActions } from './runpage';

export interface IActionOptions {
  model: RunModel;
  workbench: IWorkbench;
  commands: CommandRegistry;
  documents: IDocumentManager;
  folder: () => string;
}

/** What the buttons of a run's page do. */
export function runActions(options: IActionOptions): IRunActions {
  const { model, workbench, commands } = options;
  const followed = async () => {
    workbench.live.follow(model.id);
    await workbench.runs.refresh();
  };
  return {
    stop: async () => {
      await model.stop();
      await followed();
    },
    resume: async () => {
      if (await agreed(accept => model.resume(accept))) {
        await followed();
      }
    },
    retry: async items => {
      if (await agreed(accept => model.retry(accept, items))) {
        await followed();
      }
    },
    remove: () => remove(options),
    again: () => {
      void commands.execute(CommandIDs.openRecipe, {
        id: model.run?.recipe ?? '',
        values: model.run?.parameters ?? {},
        like: model.id
      });
    },
    copy: () => copy(options),
    notebook: () => notebook(options),
    openRun: id => {
      void commands.execute(CommandIDs.openRun, { id });
    }
  };
}

/** Go on, unless somebody declines because the recipe's code has changed meanwhile. */
async function agreed(
  goOn: (accept: boolean) => Promise<void>
): Promise<boolean> {
  try {
    await goOn(false);
    return true;
  } catch (error) {
    if (!(error instanceof RestError && error.code === 'code_changed')) {
      throw error;
    }
    const result = await showDialog({
      title: 'The recipe has changed',
      body: 'Finished items were computed with the older code. Compute the others with today’s?',
      buttons: [
        Dialog.cancelButton(),
        Dialog.okButton({ label: 'Go on with today’s code' })
      ]
    });
    if (result.button.accept) {
      await goOn(true);
    }
    return result.button.accept;
  }
}

async function remove(options: IActionOptions): Promise<void> {
  const { model, workbench } = options;
  const run = model.run;
  if (!run) {
    return;
  }
  const result = await showDialog({
    title: 'Delete this run?',
    body: `Run ${run.run_id} of ${run.recipe} goes with its result, figures and record: ${size(
      run.bytes
    )}. It cannot be brought back.`,
    buttons: [
      Dialog.cancelButton(),
      Dialog.warnButton({ label: `Delete ${size(run.bytes)}` })
    ]
  });
  if (result.button.accept) {
    await workbench.rest.delete(['runs', run.run_id]);
    await Promise.all([model.refresh(), workbench.runs.refresh()]);
  }
}

async function copy(options: IActionOptions): Promise<void> {
  const { model, workbench } = options;
  const code = await workbench.rest.get<ICode>(['runs', model.id, 'code']);
  const texts: [string, string][] = [
    ['Shell', code.shell],
    ['Python', code.python]
  ];
  const body = ReactWidget.create(
    <div className="jp-Workbench-code">
      {texts.map(([name, text]) => (
        <section key={name} aria-label={name}>
          <h3>{name}</h3>
          <pre tabIndex={0}>{text}</pre>
          <button
            type="button"
            className="jp-mod-styled jp-mod-reject jp-Workbench-button"
            onClick={() => toClipboard(name, text)}
          >
            Copy {name}
          </button>
        </section>
      ))}
    </div>
  );
  await showDialog({
    title: 'A run with the same values',
    body,
    buttons: [Dialog.okButton({ label: 'Close' })]
  });
}

function toClipboard(name: string, text: string): void {
  // The browser's own clipboard is not there on plain http.
  Clipboard.copyToSystem(text);
  Notification.success(`${name} code copied.`, { autoClose: 2000 });
}

async function notebook(options: IActionOptions): Promise<void> {
  const { model, workbench, documents, folder } = options;
  const { path } = await workbench.rest.post<IContentsPath>(
    ['runs', model.id, 'notebook'],
    { folder: folder() }
  );
  documents.openOrReveal(path);
}
