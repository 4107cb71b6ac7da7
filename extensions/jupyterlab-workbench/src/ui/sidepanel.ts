import { SidePanel } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { AccordionPanel } from '@lumino/widgets';
import { workbenchIcon } from '../icons';
import type { IWorkbench } from '../tokens';
import { ClustersSection } from './clusters';
import { PoolSection } from './pool';
import { RecipesSection } from './recipes';
import { RunsSection } from './runs';

// Of the panel's height, where nobody has drawn the sections larger or smaller: on a usual screen
// the recipes of two fields are seen.
const SHARES = [5, 4, 3, 6];
const LEAST = 0.1;
const [RECIPES, RUNS, CLUSTERS, POOL] = [0, 1, 2, 3];

/** The panel at the left: a section for each kind of thing. */
export class WorkbenchPanel extends SidePanel {
  constructor(workbench: IWorkbench, commands: CommandRegistry) {
    super();
    this.id = 'jupyterlab-science-workbench:panel';
    this.addClass('jp-Workbench-panel');
    this.title.icon = workbenchIcon;
    this.title.caption = 'Science workbench';
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Science workbench');
    this.addWidget(new RecipesSection(workbench.catalogue, commands));
    this.addWidget(new RunsSection(workbench, commands));
    this.addWidget(new ClustersSection(workbench, commands));
    this.addWidget(new PoolSection(workbench, commands));
    for (const unfolded of [RECIPES, RUNS, CLUSTERS]) {
      this._accordion?.expand(unfolded);
    }
    this._accordion?.collapse(POOL);
    this._share();
    this._accordion?.expansionToggled.connect((_, index) =>
      this._giveRoom(index)
    );
  }

  /** Have something done when it is on the screen for the first time. */
  firstShown(action: () => Promise<void>): void {
    this._first = action;
    if (this.isVisible) {
      this._shown();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._shown();
  }

  private _shown(): void {
    const first = this._first;
    this._first = undefined;
    void first?.();
  }

  /** Unfold the pool. */
  showPool(): void {
    this._accordion?.expand(POOL);
    this._share();
  }

  /** Unfold the recipes, and put the cursor into their search. */
  showRecipes(): void {
    this._accordion?.expand(RECIPES);
    this.node.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
  }

  /** What is unfolded must be seen: a layout that was saved may leave it no height. */
  private _giveRoom(index: number): void {
    const accordion = this._accordion;
    if (!accordion || accordion.widgets[index].isHidden) {
      return;
    }
    if (accordion.relativeSizes()[index] < LEAST) {
      this._share();
    }
  }

  /** Share the height out to what is unfolded. */
  private _share(): void {
    const accordion = this._accordion;
    accordion?.setRelativeSizes(
      SHARES.map((one, n) => (accordion.widgets[n].isHidden ? 0 : one))
    );
  }

  private _first: (() => Promise<void>) | undefined;

  private get _accordion(): AccordionPanel | null {
    return this.content instanceof AccordionPanel ? this.content : null;
  }
}
