import type { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog } from '@jupyterlab/filebrowser';
import { ariaDescribedByIds, type WidgetProps } from '@rjsf/utils';
import { type DragEvent, useEffect, useRef, useState } from 'react';
import type { IDiskFile } from '../documents';
import type { Rest } from '../rest';
import { size } from '../words';
import { Button } from './parts';
import type { IParameterSchema } from './templates';

const MIME = 'application/x-jupyter-icontents';

/** What file fields need from outside the form. */
export interface IFileContext {
  rest: Rest;
  documents: IDocumentManager;
  folder: () => string;
}

/** A file: typed, picked in a dialog, dragged from the file browser, or uploaded. */
export function FileWidget(props: WidgetProps): JSX.Element {
  const { onChange } = props;
  const context = props.formContext as IFileContext;
  const schema = props.schema as IParameterSchema;
  const [told, setTold] = useState('');
  const picker = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const take = async (file: Promise<IDiskFile>, doing: string) => {
    setTold(doing);
    try {
      const { path, bytes } = await file;
      onChange(path);
      setTold(bytes ? size(bytes) : '');
    } catch (error) {
      setTold((error as Error).message);
    }
  };
  const resolve = (path: string) =>
    take(
      context.rest.post<IDiskFile>(['files'], { path: local(path) }),
      `Looking for ${path} …`
    );
  const upload = (file: File) =>
    take(
      context.rest.upload<IDiskFile>(['files'], { name: file.name }, file),
      `Uploading ${file.name}, ${size(file.size)} …`
    );
  useLuminoDrop(box, path => void resolve(path));
  const browse = async () => {
    const path = await picked(context, schema);
    if (path !== undefined) {
      void resolve(path);
    }
  };
  const drop = (event: DragEvent) => {
    const file = event.dataTransfer.files[0];
    if (file) {
      event.preventDefault();
      void upload(file);
    }
  };
  return (
    <div
      className="jp-Workbench-file"
      ref={box}
      onDragOver={event => event.preventDefault()}
      onDrop={drop}
    >
      <PathInput {...props} folder={schema.input?.folder ?? false} />
      <span className="jp-mod-tools">
        <Button
          label="Browse"
          name={`Browse for ${props.label}`}
          onClick={() => void browse()}
        />
        <Button
          label="Upload"
          name={`Upload ${props.label}`}
          onClick={() => picker.current?.click()}
        />
        <input
          ref={picker}
          type="file"
          hidden
          accept={endings(schema).join(',')}
          onChange={event => {
            const file = event.target.files?.[0];
            if (file) {
              void upload(file);
            }
            event.target.value = '';
          }}
        />
      </span>
      <span className="jp-mod-told" role="status">
        {told}
      </span>
    </div>
  );
}

function PathInput(props: WidgetProps & { folder: boolean }): JSX.Element {
  const { id, value, onChange, folder } = props;
  return (
    <input
      id={id}
      type="text"
      spellCheck={false}
      autoComplete="off"
      placeholder={`A file${folder ? ' or folder' : ''}: type its path, browse, or drop it here`}
      value={value ?? ''}
      required={props.required}
      aria-describedby={ariaDescribedByIds(id)}
      onChange={event => onChange(event.target.value || undefined)}
      onBlur={event => props.onBlur(id, event.target.value)}
      onFocus={event => props.onFocus(id, event.target.value)}
    />
  );
}

/** The endings of accepted files' names. */
function endings(schema: IParameterSchema): string[] {
  return schema.input?.formats.filter(one => one.startsWith('.')) ?? [];
}

async function picked(
  context: IFileContext,
  schema: IParameterSchema
): Promise<string | undefined> {
  const options = {
    manager: context.documents,
    defaultPath: context.folder(),
    title: schema.input?.folder ? 'Choose a file or folder' : 'Choose a file'
  };
  const known = endings(schema);
  const fits = (name: string) =>
    !known.length || known.some(one => name.toLowerCase().endsWith(one));
  const result = await FileDialog.getOpenFiles({
    ...options,
    filter: model =>
      model.type === 'directory' || fits(model.name) ? {} : null
  });
  const chosen = result.button.accept ? result.value?.[0] : undefined;
  if (!chosen || (chosen.type === 'directory' && !schema.input?.folder)) {
    return undefined;
  }
  return chosen.path;
}

/** Without the name of the drive that JupyterLab puts before some paths. */
function local(path: string): string {
  return path.replace(/^[^/:]*:/, '');
}

/** JupyterLab's file browser drags with Lumino's own events. */
function useLuminoDrop(
  box: React.RefObject<HTMLElement>,
  take: (path: string) => void
): void {
  useEffect(() => {
    const node = box.current;
    if (!node) {
      return;
    }
    const over = (event: any) => {
      if (event.mimeData?.hasData(MIME)) {
        event.preventDefault();
        event.stopPropagation();
        event.dropAction = event.proposedAction;
        node.classList.add('jp-mod-dropTarget');
      }
    };
    const leave = () => node.classList.remove('jp-mod-dropTarget');
    const drop = (event: any) => {
      leave();
      const paths: string[] = event.mimeData?.getData(MIME) ?? [];
      if (paths.length) {
        event.preventDefault();
        event.stopPropagation();
        event.dropAction = 'copy';
        take(paths[0]);
      }
    };
    node.addEventListener('lm-dragenter', over);
    node.addEventListener('lm-dragover', over);
    node.addEventListener('lm-dragleave', leave);
    node.addEventListener('lm-drop', drop);
    return () => {
      node.removeEventListener('lm-dragenter', over);
      node.removeEventListener('lm-dragover', over);
      node.removeEventListener('lm-dragleave', leave);
      node.removeEventListener('lm-drop', drop);
    };
  });
}
