import type {
  ICatalogue,
  ICheckAnswer,
  IRecipePage,
  IRecipeSummary
} from '../documents';
import type { Rest } from '../rest';
import { PolledModel } from './polled';

const INTERVAL = 10 * 60_000;

/** The recipes of the installed packs. */
export class CatalogueModel extends PolledModel {
  constructor(private _rest: Rest) {
    super({ interval: INTERVAL, name: 'workbench:catalogue' });
  }

  /** Every recipe; undefined as long as nobody asked. */
  get catalogue(): ICatalogue | undefined {
    return this._catalogue;
  }

  /** Ask, if nobody has. */
  async ensure(): Promise<void> {
    if (!this._catalogue) {
      await this.refresh();
    }
  }

  /** A recipe by id, as far as it is known. */
  summary(id: string): IRecipeSummary | undefined {
    return this._catalogue?.recipes.find(one => one.id === id);
  }

  /** Where the picture of a recipe is. */
  pictureUrl(id: string): string {
    return this._rest.url(['recipes', id, 'picture']);
  }

  /** Everything about a recipe. */
  async page(id: string): Promise<IRecipePage> {
    return this._rest.get<IRecipePage>(['recipes', id]);
  }

  /** What is wrong with values, and what a run of them would mean. */
  async check(id: string, values: object): Promise<ICheckAnswer> {
    return this._rest.post<ICheckAnswer>(['recipes', id, 'check'], { values });
  }

  protected async fetch(): Promise<void> {
    this._catalogue = await this._rest.get<ICatalogue>(['recipes']);
  }

  private _catalogue: ICatalogue | undefined;
}
