import { type LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import { type ReactNode, useEffect, useState } from 'react';
import type { IRun } from '../documents';
import type { RestError } from '../rest';
import { count, fraction, isLive, stateWords } from '../words';

/** After so long who waits is told that something is slow. */
const LONG_MS = 10_000;
const SIGNS: { [state: string]: string } = {
  completed: '✓',
  completed_with_failures: '!',
  failed: '✗',
  interrupted: '‖',
  stopped: '■'
};

/** The state of a run: a sign, and words for who cannot see it. */
export function StateSign(props: { run: IRun }): JSX.Element {
  const { state } = props.run;
  return (
    <span
      className="jp-Workbench-sign"
      data-state={state}
      role="img"
      aria-label={stateWords(props.run)}
      title={stateWords(props.run)}
    >
      {SIGNS[state] ?? '▶'}
    </span>
  );
}

/** How far a run is. */
export function Progress(props: { run: IRun }): JSX.Element | null {
  const { run } = props;
  if (!isLive(run.state) && run.state !== 'interrupted') {
    return null;
  }
  const percent = Math.floor(fraction(run) * 100);
  const total = Math.max(1, run.items.total);
  return (
    <div
      className="jp-Workbench-progress"
      role="progressbar"
      aria-label="Progress"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={`${count(run.items.done)} of ${count(run.items.total)} done`}
    >
      <div
        className="jp-mod-done"
        style={{ width: `${(run.items.done / total) * 100}%` }}
      />
      <div
        className="jp-mod-failed"
        style={{ width: `${(run.items.failed / total) * 100}%` }}
      />
    </div>
  );
}

/** What went wrong, in the words of the server. */
export function Trouble(props: {
  error: RestError | Error | null;
  children?: ReactNode;
}): JSX.Element | null {
  if (!props.error) {
    return null;
  }
  return (
    <div className="jp-Workbench-trouble" role="alert">
      <span>{props.error.message}</span>
      {props.children}
    </div>
  );
}

/** Grey bars where something will be; words where that takes long. */
export function Skeleton(props: { lines: number }): JSX.Element {
  const [long, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <div className="jp-Workbench-skeleton" aria-hidden="true">
        {Array.from({ length: props.lines }, (_, n) => (
          <div key={n} />
        ))}
      </div>
      {long && (
        <p role="status" className="jp-mod-more">
          Still waiting: the server, or a disk that it reads, is slow to answer.
        </p>
      )}
    </>
  );
}

/** A button as JupyterLab's own look. */
export function Button(props: {
  label: string;
  /** For who does not see what it stands beside. */
  name?: string;
  onClick: () => void;
  kind?: 'accept' | 'reject' | 'warn';
  disabled?: boolean;
  title?: string;
}): JSX.Element {
  return (
    <button
      type="button"
      className={`jp-mod-styled jp-mod-${props.kind ?? 'reject'} jp-Workbench-button`}
      onClick={props.onClick}
      disabled={props.disabled}
      title={props.title}
      aria-label={props.name}
    >
      {props.label}
    </button>
  );
}

/** A small button that is an icon; its name is heard, and seen as its tip. */
export function IconButton(props: {
  icon: LabIcon;
  name: string;
  onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      className="jp-Workbench-icon"
      title={props.name}
      aria-label={props.name}
      onClick={props.onClick}
    >
      <props.icon.react tag="span" elementSize="normal" />
    </button>
  );
}

/** The same for the toolbar of a section; JupyterLab's own button has attributes axe refuses. */
export function toolButton(
  icon: LabIcon,
  name: string,
  onClick: () => void
): ReactWidget {
  return ReactWidget.create(
    <IconButton icon={icon} name={name} onClick={onClick} />
  );
}
