import { useRef, useState } from 'react';
import { isLiving, LOCAL } from '../clusterwords';
import type { IClusterPage, IClusterRequest, IField } from '../documents';
import { RestError } from '../rest';
import type { IWorkbench } from '../tokens';
import { useModel } from './hooks';
import { LaunchForm } from './launchform';
import { LaunchMeaning } from './launchmeaning';
import { Button, Skeleton, Trouble } from './parts';
import { useDraft } from './draft';

/** What a launch form begins with. */
export type IGiven = Partial<IClusterRequest>;

/** A cluster to be: its form, what it would mean, its job script, Launch. */
export function LaunchPage(props: {
  workbench: IWorkbench;
  given: IGiven;
  keep: (request: IClusterRequest) => void;
  launched: (cluster: IClusterPage) => void;
}): JSX.Element {
  const { workbench, given } = props;
  const { pool, clusters } = workbench;
  useModel(pool);
  useModel(clusters);
  if (!pool.pool || !clusters.clusters) {
    const error = pool.error ?? clusters.error;
    return error ? <Trouble error={error} /> : <Skeleton lines={8} />;
  }
  const names = clusters.clusters.map(one => one.name);
  const partition = given.partition ?? LOCAL;
  const first: IClusterRequest = {
    accelerator: null,
    workers: partition === LOCAL ? null : 1,
    ...given,
    partition,
    name: given.name ?? freeName(partition, names)
  };
  return <Loaded {...props} first={first} names={names} />;
}

/** A name that no cluster has yet. */
function freeName(partition: string, names: string[]): string {
  const stem = partition === LOCAL ? 'here' : partition.toLowerCase();
  const plain = stem.replace(/[^a-z0-9-]/g, '-');
  let number = 1;
  while (names.includes(`${plain}-${number}`)) {
    number += 1;
  }
  return `${plain}-${number}`;
}

/** A name that nobody chose follows the place. */
function renamed(
  before: IClusterRequest,
  after: IClusterRequest,
  names: string[]
): IClusterRequest {
  const [old, now] = [before, after].map(one =>
    freeName(one.partition ?? LOCAL, names)
  );
  return after.name === old ? { ...after, name: now } : after;
}

type LoadedProps = Parameters<typeof LaunchPage>[0] & {
  first: IClusterRequest;
  names: string[];
};

function Loaded(props: LoadedProps): JSX.Element {
  const { workbench } = props;
  const [request, setRequest] = useState(props.first);
  const draft = useDraft(workbench.clusters, request);
  const launch = useLaunch(props, request);
  const problems = [...draft.problems, ...launch.problems].filter(
    (one, n, all) =>
      all.findIndex(
        other =>
          other.parameter === one.parameter && other.message === one.message
      ) === n
  );
  const change = (found: IClusterRequest) => {
    const named = renamed(request, found, props.names);
    setRequest(named);
    launch.forget();
    props.keep(named);
  };
  const form = useRef<HTMLFormElement>(null);
  const start = () => {
    const unread = form.current && unreadField(form.current);
    if (unread) {
      unread.focus();
    } else {
      launch.start();
    }
  };
  return (
    <div className="jp-Workbench-recipe jp-Workbench-launch">
      <header>
        <h1>Launch a cluster</h1>
        <p className="jp-mod-more">
          Workers for your runs and notebooks, on one kind of card. It goes on
          when the browser is closed, and ends itself when nobody uses it.
        </p>
      </header>
      <div className="jp-mod-columns">
        <form
          ref={form}
          className="jp-mod-form"
          aria-label="Cluster"
          noValidate
          onSubmit={event => {
            event.preventDefault();
            start();
          }}
        >
          <LaunchForm
            pool={workbench.pool}
            request={request}
            problems={problems}
            running={(workbench.clusters.clusters ?? [])
              .filter(isLiving)
              .map(one => one.name)}
            onChange={change}
          />
          <Trouble error={launch.error} />
          <Button
            label={launch.busy ? 'Launching …' : 'Launch'}
            kind="accept"
            disabled={launch.busy}
            onClick={start}
          />
          {/* Enter in a field launches, as in any form. */}
          <button type="submit" hidden />
        </form>
        <LaunchMeaning
          pool={workbench.pool}
          request={request}
          draft={draft}
          wrong={problems.length > 0}
        />
      </div>
    </div>
  );
}

/** The first field with what is no number: the browser keeps such words to itself. */
function unreadField(form: HTMLFormElement): HTMLInputElement | undefined {
  return [...form.querySelectorAll('input')].find(one => one.validity.badInput);
}

function useLaunch(
  props: LoadedProps,
  request: IClusterRequest
): {
  start: () => void;
  forget: () => void;
  busy: boolean;
  error: Error | null;
  problems: IField[];
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      props.launched(await props.workbench.clusters.launch(request));
    } catch (reason) {
      setError(reason as Error);
    } finally {
      setBusy(false);
    }
  };
  const fields = error instanceof RestError ? error.fields : [];
  return {
    start: () => void (busy || start()),
    forget: () => setError(null),
    busy,
    error: fields.length ? null : error,
    problems: fields
  };
}
