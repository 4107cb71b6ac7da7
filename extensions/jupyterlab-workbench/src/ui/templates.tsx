import {
  type ArrayFieldTemplateProps,
  type FieldTemplateProps,
  type ObjectFieldTemplateProps,
  type WidgetProps,
  ariaDescribedByIds,
  descriptionId,
  errorId
} from '@rjsf/utils';
import type { JSONSchema7 } from 'json-schema';
import { Button } from './parts';

/** What a recipe's schema says besides JSON Schema. */
export interface IParameterSchema extends JSONSchema7 {
  unit?: string;
  group?: string;
  advanced?: boolean;
  nullable?: boolean;
  input?: { formats: string[]; folder: boolean };
}

type Entry = ObjectFieldTemplateProps['properties'][number];

/** A field with its name, help, unit and problems; all of them tied to its input. */
export function FieldTemplate(props: FieldTemplateProps): JSX.Element {
  const { id, label, required, rawErrors, children } = props;
  const schema = props.schema as IParameterSchema;
  if (props.hidden) {
    return <div hidden>{children}</div>;
  }
  if (schema.type === 'object') {
    return <>{children}</>;
  }
  const errors = rawErrors ?? [];
  const many = schema.type === 'array';
  const kind = schema.type === 'boolean' ? ' jp-mod-boolean' : '';
  const name = label && (
    <FieldName id={id} label={label} many={many} required={required} />
  );
  return (
    <div
      className={`jp-Workbench-field${kind}${errors.length ? ' jp-mod-wrong' : ''}`}
      role={many ? 'group' : undefined}
      aria-labelledby={many ? `${id}__label` : undefined}
    >
      {!kind && name}
      <div className="jp-mod-input">
        {children}
        {kind && name}
        {schema.unit && schema.unit !== '1' && (
          <span className="jp-mod-unit">{schema.unit}</span>
        )}
      </div>
      {schema.description && (
        <div className="jp-mod-help" id={descriptionId(id)}>
          {schema.description}
          {bounds(schema)}
        </div>
      )}
      {errors.length > 0 && (
        <div className="jp-mod-errors" id={errorId(id)} role="alert">
          {errors.map((error, n) => (
            <div key={n}>{error}</div>
          ))}
        </div>
      )}
    </div>
  );
}

/** The name of a field; one in a list, "weights-0" to the form, is heard as "weights 1". */
function FieldName(props: {
  id: string;
  label: string;
  many: boolean;
  required?: boolean;
}): JSX.Element {
  const { id, label, many, required } = props;
  const item = /^(.*)-(\d+)$/.exec(label);
  if (item) {
    return (
      <label htmlFor={id} className="jp-mod-hidden-label">
        {item[1]} {Number(item[2]) + 1}
      </label>
    );
  }
  const Name = many ? 'span' : 'label';
  return (
    <Name
      id={`${id}__label`}
      className="jp-mod-label"
      {...(many ? {} : { htmlFor: id })}
    >
      {label}
      {required && <span className="jp-mod-required"> (required)</span>}
    </Name>
  );
}

/** "From 1 to 5." */
function bounds(schema: IParameterSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low =
    minimum !== undefined
      ? `${minimum} or more`
      : exclusiveMinimum !== undefined
        ? `more than ${exclusiveMinimum}`
        : '';
  const high =
    maximum !== undefined
      ? `at most ${maximum}`
      : exclusiveMaximum !== undefined
        ? `less than ${exclusiveMaximum}`
        : '';
  const told = [low, high].filter(Boolean).join(', ');
  return told ? ` ${told[0].toUpperCase()}${told.slice(1)}.` : '';
}

/** Parameters in groups, the advanced ones folded. */
export function ObjectFieldTemplate(
  props: ObjectFieldTemplateProps
): JSX.Element {
  const told = (entry: Entry) =>
    (props.schema.properties?.[entry.name] ?? {}) as IParameterSchema;
  if (props.idSchema.$id !== 'root') {
    return (
      <fieldset className="jp-Workbench-group">
        {props.title && <legend>{props.title}</legend>}
        {props.properties.map(entry => entry.content)}
      </fieldset>
    );
  }
  const plain = props.properties.filter(entry => !told(entry).advanced);
  const advanced = props.properties.filter(entry => told(entry).advanced);
  // What is wrong must be seen.
  const wrong = advanced.some(
    entry => props.errorSchema?.[entry.name]?.__errors?.length
  );
  return (
    <>
      <Groups entries={plain} told={told} />
      {advanced.length > 0 && (
        <details className="jp-Workbench-advanced" open={wrong || undefined}>
          <summary>Advanced ({advanced.length})</summary>
          <Groups entries={advanced} told={told} />
        </details>
      )}
    </>
  );
}

function Groups(props: {
  entries: Entry[];
  told: (entry: Entry) => IParameterSchema;
}): JSX.Element {
  const groups = new Map<string, Entry[]>();
  for (const entry of props.entries) {
    const name = props.told(entry).group ?? '';
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return (
    <>
      {[...groups].map(([name, entries]) =>
        name ? (
          <fieldset className="jp-Workbench-group" key={name}>
            <legend>{name[0].toUpperCase() + name.slice(1)}</legend>
            {entries.map(entry => entry.content)}
          </fieldset>
        ) : (
          <div key={name}>{entries.map(entry => entry.content)}</div>
        )
      )}
    </>
  );
}

/** A list, or the parts of a tuple. */
export function ArrayFieldTemplate(
  props: ArrayFieldTemplateProps
): JSX.Element {
  const fixed = Array.isArray(props.schema.items);
  return (
    <div className={`jp-Workbench-array${fixed ? ' jp-mod-fixed' : ''}`}>
      {props.items.map(item => (
        <div key={item.key} className="jp-Workbench-array-item">
          {item.children}
          {item.hasToolbar && !fixed && <ItemTools item={item} />}
        </div>
      ))}
      {props.canAdd && (
        <Button
          label="Add"
          name={`Add to ${props.title}`}
          onClick={() => props.onAddClick()}
        />
      )}
    </div>
  );
}

function ItemTools(props: {
  item: ArrayFieldTemplateProps['items'][number];
}): JSX.Element {
  const { item } = props;
  const { index } = item;
  const move = (to: number) => item.onReorderClick(index, to)();
  return (
    <span className="jp-mod-tools">
      <Button
        label="↑"
        name={`Move ${index + 1} up`}
        disabled={!item.hasMoveUp}
        onClick={() => move(index - 1)}
      />
      <Button
        label="↓"
        name={`Move ${index + 1} down`}
        disabled={!item.hasMoveDown}
        onClick={() => move(index + 1)}
      />
      <Button
        label="Remove"
        name={`Remove ${index + 1}`}
        onClick={() => item.onDropIndexClick(index)()}
      />
    </span>
  );
}

/** A box to tick; its name and help stand in the field around it. */
export function CheckboxWidget(props: WidgetProps): JSX.Element {
  const { id, value, onChange } = props;
  return (
    <input
      id={id}
      type="checkbox"
      checked={value ?? false}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={event => onChange(event.target.checked)}
    />
  );
}
