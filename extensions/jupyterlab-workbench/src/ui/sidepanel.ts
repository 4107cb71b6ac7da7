import { SidePanel } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { AccordionPanel } from '@lumino/widgets';
import { workbenchIcon } from '../icons';
import type { IWorkbench } from '../tokens';
import { RecipesSection } from './recipes';
import { RunsSection } from './runs';

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
    if (this.content instanceof AccordionPanel) {
      this.content.expand(0);
      this.content.expand(1);
    }
  }

  /** Unfold the recipes, and put the cursor into their search. */
  showRecipes(): void {
    if (this.content instanceof AccordionPanel) {
      this.content.expand(0);
    }
    this.node.querySelector<HTMLInputElement>('input[type="search"]')?.focus();
  }
}
