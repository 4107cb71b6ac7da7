import { startsNow, startWords } from '../clusterwords';
import type { IAccelerator, IPartition, IPool } from '../documents';
import { count, duration, size } from '../words';

/** Opens the launch form with a partition and a card. */
export type ILaunch = (partition: string, accelerator: string | null) => void;

/** Partitions with one kind of card. */
interface IKind {
  title: string;
  lanes: { partition: IPartition; accelerator: IAccelerator | null }[];
}

/** The lanes by kind of card; partitions without cards at the end. */
export function kindsOf(pool: IPool): IKind[] {
  const kinds = new Map<string, IKind>();
  const bare: IKind = { title: 'No cards', lanes: [] };
  for (const partition of pool.partitions) {
    for (const accelerator of partition.accelerators) {
      const kind = kinds.get(accelerator.name) ?? {
        title: cardTitle(accelerator),
        lanes: []
      };
      kind.lanes.push({ partition, accelerator });
      kinds.set(accelerator.name, kind);
    }
    if (!partition.accelerators.length && partition.nodes.total > 0) {
      bare.lanes.push({ partition, accelerator: null });
    }
  }
  return [...kinds.values(), bare].filter(kind => kind.lanes.length);
}

function cardTitle(card: IAccelerator): string {
  const memory =
    card.memory_bytes === null ? '' : `, ${size(card.memory_bytes)}`;
  return `${card.model} (${card.vendor})${memory}`;
}

/** A part of a bar: how many, in which words, drawn how. */
interface ISegment {
  kind: 'mine' | 'others' | 'free' | 'out';
  n: number;
  words: string;
}

/** The cards of one kind in one partition. */
export function CardLane(props: {
  partition: IPartition;
  accelerator: IAccelerator;
  launch: ILaunch;
}): JSX.Element {
  const { partition, accelerator, launch } = props;
  const { cards, start } = accelerator;
  const tip = `Launch a cluster with ${accelerator.name} in ${partition.title}`;
  const segments: ISegment[] = [
    { kind: 'mine', n: cards.mine, words: 'mine' },
    { kind: 'others', n: cards.allocated - cards.mine, words: 'of others' },
    { kind: 'free', n: cards.free, words: 'free' },
    { kind: 'out', n: cards.out_of_service, words: 'out of service' }
  ];
  return (
    <Lane
      title={partition.title}
      free={`${count(cards.free)} of ${count(cards.total)} free`}
      segments={segments}
      tip={
        start && startsNow(start) ? `${tip}. Start: ${startWords(start)}` : tip
      }
      onClick={() => launch(partition.name, accelerator.name)}
    >
      {cards.stranded > 0 && (
        <span className="jp-mod-more">
          {count(cards.stranded)} of the free ones cannot be had: their nodes
          have no CPU or memory left
        </span>
      )}
      <Waiting accelerator={accelerator} />
      {start && !startsNow(start) && (
        <span className="jp-mod-more">
          {start.refused
            ? `no start in sight: ${start.refused}`
            : `next start: ${startWords(start)}`}
        </span>
      )}
    </Lane>
  );
}

/** The nodes of a partition without cards. */
export function NodeLane(props: {
  partition: IPartition;
  launch: ILaunch;
}): JSX.Element {
  const { partition, launch } = props;
  const { nodes } = partition;
  const segments: ISegment[] = [
    { kind: 'others', n: nodes.mixed + nodes.allocated, words: 'in use' },
    { kind: 'free', n: nodes.idle, words: 'free' },
    { kind: 'out', n: nodes.out_of_service, words: 'out of service' }
  ];
  return (
    <Lane
      title={partition.title}
      free={`${count(nodes.idle)} of ${count(nodes.total)} nodes free`}
      segments={segments}
      tip={`Launch a cluster without cards in ${partition.title}`}
      onClick={() => launch(partition.name, null)}
    >
      {partition.pending_jobs > 0 && (
        <span className="jp-mod-more">
          {count(partition.pending_jobs)} wait
        </span>
      )}
    </Lane>
  );
}

function Lane(props: {
  title: string;
  free: string;
  segments: ISegment[];
  tip: string;
  onClick: () => void;
  children: React.ReactNode;
}): JSX.Element {
  const shown = props.segments.filter(({ n }) => n > 0);
  return (
    <button
      type="button"
      className="jp-Workbench-row jp-Workbench-lane"
      title={props.tip}
      onClick={props.onClick}
    >
      <span className="jp-mod-head">
        <span className="jp-mod-title">{props.title}</span>
        <span className="jp-mod-end">{props.free}</span>
      </span>
      <span className="jp-Workbench-bar" aria-hidden="true">
        {shown.map(({ kind, n, words }) => (
          <span
            key={kind}
            data-kind={kind}
            style={{ flexGrow: n }}
            title={`${count(n)} ${words}`}
          />
        ))}
      </span>
      <span className="jp-Workbench-heard">
        {shown.map(({ n, words }) => `${count(n)} ${words}`).join(', ')}
      </span>
      {props.children}
    </button>
  );
}

/** How many jobs wait, and why: plain words, the scheduler's own as the tip. */
function Waiting(props: { accelerator: IAccelerator }): JSX.Element | null {
  const { pending_jobs, waits } = props.accelerator;
  if (!pending_jobs) {
    return null;
  }
  return (
    <>
      {waits.map(({ reason, plain, jobs }) => (
        <span key={reason} className="jp-mod-more" title={reason}>
          {count(jobs)} job{jobs > 1 ? 's wait' : ' waits'}: {plain}
        </span>
      ))}
    </>
  );
}

/** The longest job of a partition. */
export function limitWords(partition: IPartition | undefined): string {
  return partition?.time_limit_s
    ? `At most ${duration(partition.time_limit_s)} here.`
    : '';
}
