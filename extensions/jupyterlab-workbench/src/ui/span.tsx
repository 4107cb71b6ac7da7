import { useState } from 'react';
import { Field } from './fields';

const UNITS = { minutes: 60, hours: 3600, days: 86_400 };
type Unit = keyof typeof UNITS;

/** A span of time: a number and its unit. */
export function SpanField(props: {
  id: string;
  label: string;
  help: string;
  seconds: number | null;
  /** The unit to begin with. */
  usual: Unit;
  problems: string[];
  onChange: (seconds: number | null) => void;
}): JSX.Element {
  const { id, label, seconds, onChange } = props;
  const first = seconds === null ? props.usual : fitting(seconds);
  const [unit, setUnit] = useState<Unit>(first);
  const [text, setText] = useState(
    seconds === null ? '' : String(seconds / UNITS[first])
  );
  const [unread, setUnread] = useState(false);
  const tell = (words: string, by: Unit) => {
    const number = Number(words);
    onChange(
      words.trim() === '' || Number.isNaN(number) ? null : number * UNITS[by]
    );
  };
  return (
    <Field
      id={id}
      label={label}
      help={props.help}
      problems={unread ? ['This is no number.'] : props.problems}
    >
      {parts => (
        <>
          <input
            {...parts}
            type="number"
            min={0}
            value={text}
            onChange={event => {
              // The browser keeps what is no number to itself.
              setUnread(event.target.validity.badInput);
              setText(event.target.value);
              tell(event.target.value, unit);
            }}
          />
          <select
            aria-label={`${label}: unit`}
            className="jp-mod-unit"
            value={unit}
            onChange={event => {
              const chosen = event.target.value as Unit;
              setUnit(chosen);
              tell(text, chosen);
            }}
          >
            {Object.keys(UNITS).map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </>
      )}
    </Field>
  );
}

/** The largest unit in which it is a whole number. */
function fitting(seconds: number): Unit {
  const units: Unit[] = ['days', 'hours', 'minutes'];
  return units.find(unit => seconds % UNITS[unit] === 0) ?? 'minutes';
}
