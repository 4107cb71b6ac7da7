import type { IField } from '../documents';
import { Problems, problemsOf, whole } from './fields';

/** The size of a cluster as somebody types it. */
export interface ISize {
  grows: boolean;
  workers: number | null;
  min: number | null;
  max: number | null;
}

/** As the server takes it: 0 stands for a missing number, which it refuses but for the lowest. */
export function sizeRequest(size: ISize): {
  workers: number | null;
  between: [number, number] | null;
} {
  return size.grows
    ? { workers: null, between: [size.min ?? 0, size.max ?? 0] }
    : { workers: size.workers ?? 0, between: null };
}

/** How many workers: always so many, or as many as the work needs. */
export function SizeField(props: {
  id: string;
  size: ISize;
  problems: IField[];
  /** Whether the number may be left out. */
  optional?: boolean;
  onChange: (size: ISize) => void;
}): JSX.Element {
  const { id, size, onChange } = props;
  const problems = problemsOf(props.problems, 'workers', 'between');
  const ways: [boolean, string][] = [
    [false, 'Always the same number'],
    [true, 'Grow and shrink with the work']
  ];
  return (
    <fieldset
      className={`jp-Workbench-group jp-Workbench-field${
        problems.length ? ' jp-mod-wrong' : ''
      }`}
      aria-describedby={problems.length ? `${id}__errors` : undefined}
    >
      <legend>Workers</legend>
      {ways.map(([grows, words]) => (
        <label key={words} className="jp-Workbench-choice">
          <input
            type="radio"
            name={`${id}-way`}
            checked={size.grows === grows}
            onChange={() => onChange({ ...size, grows })}
          />
          {words}
        </label>
      ))}
      <div className="jp-Workbench-numbers">
        {size.grows ? (
          <>
            <Numeral
              label="From"
              value={size.min}
              least={0}
              onChange={min => onChange({ ...size, min })}
            />
            <Numeral
              label="to"
              value={size.max}
              least={1}
              onChange={max => onChange({ ...size, max })}
            />
          </>
        ) : (
          <Numeral
            label="Number"
            hint={props.optional ? 'as many as this computer gives' : ''}
            value={size.workers}
            least={1}
            onChange={workers => onChange({ ...size, workers })}
          />
        )}
      </div>
      <Problems id={id} problems={problems} />
    </fieldset>
  );
}

function Numeral(props: {
  label: string;
  value: number | null;
  least: number;
  hint?: string;
  onChange: (value: number | null) => void;
}): JSX.Element {
  return (
    <label>
      {props.label}
      <input
        type="number"
        min={props.least}
        placeholder={props.hint}
        value={props.value ?? ''}
        onChange={event => props.onChange(whole(event.target.value))}
      />
    </label>
  );
}
