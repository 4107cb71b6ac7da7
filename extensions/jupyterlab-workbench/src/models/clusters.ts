import { isUnsettled } from '../clusterwords';
import type {
  ICluster,
  IClusterJob,
  IClusterPage,
  IClusterRequest,
  IClusterSize,
  IClusters,
  IEstimateAnswer,
  IScriptAnswer
} from '../documents';
import type { Rest } from '../rest';
import { PolledModel } from './polled';

// Together with runs and the live ones this is less than four requests a minute.
const CALM = 70_000;
const BUSY = 2_000;

/** All clusters, the living ones first. */
export class ClustersModel extends PolledModel {
  constructor(private _rest: Rest) {
    super({ interval: CALM, name: 'workbench:clusters' });
  }

  /** Every cluster; undefined as long as nobody asked. */
  get clusters(): ICluster[] | undefined {
    return this._clusters;
  }

  /** Jobs of a cluster that is not as it shall be. */
  jobs(name: string): IClusterJob[] {
    return this._jobs.get(name) ?? [];
  }

  /** Everything about a cluster, as it is now. */
  async page(name: string): Promise<IClusterPage> {
    return this._rest.get<IClusterPage>(['clusters', name]);
  }

  /** Ask, if nobody has. */
  async ensure(): Promise<void> {
    if (!this._clusters) {
      await this.refresh();
    }
  }

  /** Start a cluster. */
  async launch(request: IClusterRequest): Promise<IClusterPage> {
    const found = await this._rest.post<IClusterPage>(['clusters'], request);
    await this.refresh();
    return found;
  }

  /** What is wrong with a request, or the script of its jobs as it would be sent. */
  async script(request: IClusterRequest): Promise<IScriptAnswer> {
    return this._rest.post<IScriptAnswer>(['clusters', 'script'], request);
  }

  /** What is wrong with a request, or when its first job would start. */
  async estimate(request: IClusterRequest): Promise<IEstimateAnswer> {
    return this._rest.post<IEstimateAnswer>(['clusters', 'estimate'], request);
  }

  /** End a cluster with its workers and jobs. */
  async stop(name: string): Promise<void> {
    const stopping = this._rest.delete(['clusters', name]);
    // How it ends is worth seeing.
    void this.refresh();
    await stopping;
    await this.refresh();
  }

  /** Give a cluster another size. */
  async scale(name: string, size: IClusterSize): Promise<void> {
    await this._rest.patch(['clusters', name], size);
    await this.refresh();
  }

  protected async fetch(): Promise<void> {
    const found = await this._rest.get<IClusters>(['clusters']);
    // Why workers are missing stands with the jobs.
    const pages = await Promise.allSettled(
      found.clusters.filter(isUnsettled).map(one => this.page(one.name))
    );
    // One that cannot be read is listed without them, and hides no other.
    this._jobs = new Map(
      pages
        .filter(page => page.status === 'fulfilled')
        .map(({ value }) => [value.name, value.jobs])
    );
    this._clusters = found.clusters;
    this.pace(found.clusters.some(isUnsettled) ? BUSY : CALM);
  }

  private _clusters: ICluster[] | undefined;
  private _jobs = new Map<string, IClusterJob[]>();
}

/** One cluster. */
export class ClusterModel extends PolledModel {
  constructor(
    private _rest: Rest,
    readonly name: string
  ) {
    super({ interval: BUSY, name: `workbench:cluster-${name}` });
  }

  /** Everything about it; undefined as long as it is not known. */
  get cluster(): IClusterPage | undefined {
    return this._cluster;
  }

  protected async fetch(): Promise<void> {
    this._cluster = await this._rest.get<IClusterPage>(['clusters', this.name]);
    this.pace(isUnsettled(this._cluster) ? BUSY : 2 * BUSY);
  }

  private _cluster: IClusterPage | undefined;
}
