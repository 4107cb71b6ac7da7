import type { ReactNode } from 'react';
import type { IField } from '../documents';

/** What ties an input to its help and to what is wrong with it. */
export interface IFieldParts {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean | undefined;
}

/** A field of a form written by hand: name, input, unit, help, problems. */
export function Field(props: {
  id: string;
  label: string;
  help?: ReactNode;
  problems: string[];
  children: (parts: IFieldParts) => ReactNode;
}): JSX.Element {
  const { id, label, help, problems } = props;
  const wrong = problems.length > 0;
  const described = [help && `${id}__help`, wrong && `${id}__errors`]
    .filter(Boolean)
    .join(' ');
  const parts: IFieldParts = {
    id,
    'aria-describedby': described || undefined,
    'aria-invalid': wrong || undefined
  };
  return (
    <div className={`jp-Workbench-field${wrong ? ' jp-mod-wrong' : ''}`}>
      <label className="jp-mod-label" htmlFor={id}>
        {label}
      </label>
      <div className="jp-mod-input">{props.children(parts)}</div>
      {help && (
        <div className="jp-mod-help" id={`${id}__help`}>
          {help}
        </div>
      )}
      <Problems id={id} problems={problems} />
    </div>
  );
}

/** What is wrong with a field. */
export function Problems(props: {
  id: string;
  problems: string[];
}): JSX.Element | null {
  if (!props.problems.length) {
    return null;
  }
  return (
    <div className="jp-mod-errors" id={`${props.id}__errors`} role="alert">
      {props.problems.map((problem, n) => (
        <div key={n}>{problem}</div>
      ))}
    </div>
  );
}

/** What the server says of some parameters. */
export function problemsOf(fields: IField[], ...names: string[]): string[] {
  return fields
    .filter(one => names.includes(one.parameter))
    .map(one => one.message);
}

/** A whole number as it was typed; null for nothing. */
export function whole(text: string): number | null {
  const found = Number.parseInt(text, 10);
  return Number.isNaN(found) ? null : found;
}
