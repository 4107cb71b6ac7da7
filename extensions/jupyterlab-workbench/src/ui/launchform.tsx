import { LOCAL } from '../clusterwords';
import type {
  IAccelerator,
  IClusterRequest,
  IField,
  IPartition
} from '../documents';
import type { PoolModel } from '../models/pool';
import { count, size } from '../words';
import { Field, problemsOf } from './fields';
import { limitWords } from './lanes';
import { type ISize, SizeField, sizeRequest } from './size';
import { SpanField } from './span';

/** The fields of a cluster that is to be launched. */
export function LaunchForm(props: {
  pool: PoolModel;
  request: IClusterRequest;
  problems: IField[];
  /** Names of clusters that run. */
  running: string[];
  onChange: (request: IClusterRequest) => void;
}): JSX.Element {
  const { request, problems, onChange } = props;
  const partitions = props.pool.pool?.partitions ?? [];
  const set = (found: Partial<IClusterRequest>) =>
    onChange({ ...request, ...found });
  const here = request.partition === LOCAL;
  return (
    <>
      <Field
        id="workbench-launch-name"
        label="Name"
        help={
          props.running.includes(request.name)
            ? 'A cluster of that name runs already: nothing is launched, its page is opened.'
            : 'By which runs and notebooks find it: lower-case letters, digits, hyphens.'
        }
        problems={problemsOf(problems, 'name')}
      >
        {parts => (
          <input
            {...parts}
            type="text"
            value={request.name}
            onChange={event => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Place partitions={partitions} {...props} set={set} />
      <SizeField
        id="workbench-launch-size"
        size={sizeOf(request)}
        problems={problems}
        optional={here}
        onChange={found => set(asked(found, here))}
      />
      {!here && (
        <SpanField
          id="workbench-launch-time"
          label="Time limit of each job"
          usual="hours"
          help="Jobs are replaced before theirs is over, and runs go on. Empty: the usual one of the partition."
          seconds={request.time_limit_s ?? null}
          problems={problemsOf(problems, 'time_limit_s', 'time')}
          onChange={time_limit_s => set({ time_limit_s })}
        />
      )}
      <SpanField
        id="workbench-launch-idle"
        label="Ends itself when idle for"
        usual="minutes"
        help={`Without a run and without work. Empty: ${here ? 'half an hour' : 'five minutes'}.`}
        seconds={request.idle_timeout_s ?? null}
        problems={problemsOf(problems, 'idle_timeout_s', 'idle_timeout')}
        onChange={idle_timeout_s => set({ idle_timeout_s })}
      />
    </>
  );
}

/** Where, and on which card. */
function Place(props: {
  partitions: IPartition[];
  request: IClusterRequest;
  problems: IField[];
  set: (found: Partial<IClusterRequest>) => void;
}): JSX.Element {
  const { partitions, request, problems, set } = props;
  const partition = partitions.find(one => one.name === request.partition);
  const wrong = problemsOf(problems, 'partition', 'WORKBENCH_HOME');
  const cards = partition?.accelerators ?? [];
  // Where there is nothing to choose nothing is asked.
  const places = partitions.length > 1 || !partition || wrong.length > 0;
  return (
    <>
      {places && (
        <Field
          id="workbench-launch-partition"
          label="Where"
          help={limitWords(partition)}
          problems={wrong}
        >
          {parts => (
            <select
              {...parts}
              value={request.partition}
              onChange={event =>
                set(moved(partitions, event.target.value, request))
              }
            >
              {partitions.map(one => (
                <option key={one.name} value={one.name}>
                  {partitionWords(one)}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      {(cards.length > 0 || request.accelerator) && (
        <Field
          id="workbench-launch-accelerator"
          label="Card of each worker"
          problems={problemsOf(problems, 'accelerator')}
        >
          {parts => (
            <select
              {...parts}
              value={request.accelerator ?? ''}
              onChange={event =>
                set({ accelerator: event.target.value || null })
              }
            >
              {cards.map(one => (
                <option key={one.name} value={one.name}>
                  {cardWords(one)}
                </option>
              ))}
              <option value="">None, CPUs only</option>
            </select>
          )}
        </Field>
      )}
    </>
  );
}

/** In another place: its first card, and the usual size unless a range was asked for. */
function moved(
  partitions: IPartition[],
  name: string,
  request: IClusterRequest
): Partial<IClusterRequest> {
  const found = partitions.find(one => one.name === name);
  return {
    partition: name,
    ...(request.between ? {} : usualSize(name)),
    accelerator: found?.accelerators[0]?.name ?? null
  };
}

/** This computer's own size, else one worker. */
function usualSize(partition: string): Partial<IClusterRequest> {
  return { workers: partition === LOCAL ? null : 1 };
}

function partitionWords(partition: IPartition): string {
  const cards = partition.accelerators
    .map(
      one =>
        `${count(one.cards.free)} of ${count(one.cards.total)} ${one.model} free`
    )
    .join(', ');
  const closed = partition.up ? '' : ' (closed)';
  return `${partition.title}${closed}: ${cards || 'no cards'}`;
}

function cardWords(card: IAccelerator): string {
  const memory =
    card.memory_bytes === null ? '' : `, ${size(card.memory_bytes)}`;
  return `${card.model} (${card.vendor}, ${card.name})${memory}`;
}

function sizeOf(request: IClusterRequest): ISize {
  const [min, max] = request.between ?? [null, null];
  const workers = request.workers ?? null;
  return { grows: !!request.between, workers, min, max };
}

/** On this computer a size that is left out is this computer's own. */
function asked(size: ISize, here: boolean): Partial<IClusterRequest> {
  if (here && !size.grows && size.workers === null) {
    return { workers: null, between: null };
  }
  // Who changes to a range begins with what is there.
  return sizeRequest(
    size.grows && size.min === null && size.max === null
      ? { ...size, min: 0, max: size.workers ?? 1 }
      : size
  );
}
