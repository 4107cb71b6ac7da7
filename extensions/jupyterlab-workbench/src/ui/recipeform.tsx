import {
  FormComponent,
  type IFormComponentProps
} from '@jupyterlab/ui-components';
import type { ErrorSchema, UiSchema } from '@rjsf/utils';
import validator from '@rjsf/validator-ajv8';
import type { JSONSchema7, JSONSchema7Definition } from 'json-schema';
import { useMemo } from 'react';
import type { IField } from '../documents';
import { FileWidget, type IFileContext } from './filewidget';
import {
  ArrayFieldTemplate,
  CheckboxWidget,
  FieldTemplate,
  type IParameterSchema,
  ObjectFieldTemplate
} from './templates';

export type Values = { [name: string]: any };

const TEMPLATES = { ArrayFieldTemplate, FieldTemplate, ObjectFieldTemplate };
const WIDGETS = { CheckboxWidget, FileWidget };
// rjsf's own types for its default validator and for JSON data do not fit each other.
const Form = FormComponent as (props: IFormComponentProps<any>) => JSX.Element;

/** The form of a recipe's parameters.  What is wrong is told by the server alone. */
export function RecipeForm(props: {
  schema: JSONSchema7;
  values: Values;
  problems: IField[];
  context: IFileContext;
  onChange: (values: Values, name?: string) => void;
}): JSX.Element {
  const { schema, problems } = props;
  const ui = useMemo(() => uiSchema(schema), [schema]);
  const errors = useMemo(() => errorSchema(problems), [problems]);
  return (
    <Form
      schema={schema}
      uiSchema={ui}
      formData={props.values}
      extraErrors={errors}
      formContext={props.context}
      validator={validator}
      templates={TEMPLATES}
      widgets={WIDGETS}
      noValidate
      noHtml5Validate
      showErrorList={false}
      onChange={(event: any, id?: string) =>
        props.onChange(event.formData as Values, changed(schema, id))
      }
      tagName="div"
    />
  );
}

/** The parameter whose field has an id like "root_evalue" or, in a list, "root_window_0". */
function changed(schema: JSONSchema7, id = ''): string | undefined {
  return Object.keys(schema.properties ?? {})
    .filter(name => `${id}_`.startsWith(`root_${name}_`))
    .sort((a, b) => b.length - a.length)[0];
}

function uiSchema(schema: JSONSchema7): UiSchema {
  const found: UiSchema = {};
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    found[name] = fieldUi(one as IParameterSchema);
  }
  return found;
}

function fieldUi(schema: IParameterSchema): UiSchema {
  if (schema.input) {
    return { 'ui:widget': 'FileWidget' };
  }
  if (schema.type === 'array') {
    const { items } = schema;
    return {
      items: Array.isArray(items) ? items.map(itemUi) : itemUi(items)
    };
  }
  // What will be taken where nothing is given is seen where nothing stands.
  const usual = schema.nullable ? undefined : schema.default;
  return {
    ...itemUi(schema),
    ...(usual === undefined || usual === ''
      ? {}
      : { 'ui:placeholder': String(usual) })
  };
}

/** Numbers are typed as texts: a browser's own fields swallow what they do not understand. */
function itemUi(schema: JSONSchema7Definition | undefined): UiSchema {
  const type = typeof schema === 'object' ? schema.type : undefined;
  const number = type === 'number' || type === 'integer';
  return number ? { 'ui:options': { inputType: 'text' } } : {};
}

function errorSchema(problems: IField[]): ErrorSchema {
  const found: { [name: string]: { __errors: string[] } } = {};
  for (const { parameter, message } of problems) {
    found[parameter] ??= { __errors: [] };
    found[parameter].__errors.push(message);
  }
  return found as ErrorSchema;
}
