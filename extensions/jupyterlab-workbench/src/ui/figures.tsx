import type { IThemeManager } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { IFigures, IRunPage } from '../documents';
import type { Rest } from '../rest';
import { isLive } from '../words';
import { Skeleton, Trouble } from './parts';
import { useTheme } from './theme';
import { inTheme } from './vega';

const MIME = 'application/vnd.vegalite.v5+json';
const INTERVAL = 3000;

/** What figures need from JupyterLab. */
export interface IFigureContext {
  rendermime: IRenderMimeRegistry;
  themes: IThemeManager | null;
}

/** The figures of a run; while it goes on, of what is there so far. */
export function Figures(props: {
  run: IRunPage;
  rest: Rest;
  context: IFigureContext;
  /** Whether somebody sees them. */
  looked: () => boolean;
}): JSX.Element {
  const { run, rest, context, looked } = props;
  const live = isLive(run.state);
  const [found, setFound] = useState<IFigures>();
  const [error, setError] = useState<Error | null>(null);
  const begun = run.items.done > 0;
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      // An unseen page does not hear of the run's end: asking would never stop.
      if (!looked()) {
        timer = setTimeout(look, INTERVAL);
        return;
      }
      try {
        const next = await rest.get<IFigures>(['runs', run.run_id, 'figures']);
        if (!over) {
          setFound(next);
          setError(null);
        }
      } catch (reason) {
        if (!over) {
          setError(reason as Error);
        }
      }
      if (!over && live) {
        timer = setTimeout(look, INTERVAL);
      }
    };
    if (!live || begun) {
      void look();
    }
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [rest, run.run_id, live, begun, looked]);
  if (live && (!begun || found?.names.length === 0)) {
    return (
      <p className="jp-Workbench-empty">
        {begun
          ? 'Figures appear here once every stage has begun.'
          : 'Figures appear here with the first results.'}
      </p>
    );
  }
  if (!found) {
    return error ? <Trouble error={error} /> : <Skeleton lines={6} />;
  }
  return (
    <>
      <Trouble error={error} />
      {live && <p className="jp-mod-more">Of what is there so far:</p>}
      {!found.names.length && (
        <p className="jp-Workbench-empty">
          There are no figures: see the table, or open the result as notebook.
        </p>
      )}
      <div className="jp-Workbench-figures">
        {found.names.map(name => (
          <Figure
            key={name}
            name={name}
            stamp={found.stamp}
            run={run}
            rest={rest}
            context={context}
          />
        ))}
      </div>
    </>
  );
}

function Figure(props: {
  name: string;
  stamp: string;
  run: IRunPage;
  rest: Rest;
  context: IFigureContext;
}): JSX.Element {
  const { name, stamp, run, rest, context } = props;
  const host = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<Error | null>(null);
  const [titled, setTitled] = useState(false);
  const theme = useTheme(context.themes);
  const title = name.replace(/_/g, ' ');
  const shown = useRef<Widget | null>(null);
  useEffect(() => {
    let over = false;
    const draw = async () => {
      const spec = await rest.get<any>(['runs', run.run_id, 'figures', name]);
      if (over || !host.current) {
        return;
      }
      const renderer = context.rendermime.createRenderer(MIME);
      const data = { [MIME]: inTheme(spec, host.current) };
      // The old drawing stays until the new one is there: nothing flashes.
      renderer.addClass('jp-mod-drawing');
      Widget.attach(renderer, host.current);
      await renderer.renderModel(
        context.rendermime.createModel({ data, trusted: true })
      );
      if (over) {
        renderer.dispose();
        return;
      }
      nameMenu(renderer.node, title);
      shown.current?.dispose();
      shown.current = renderer;
      setTitled(!!spec.title);
      renderer.removeClass('jp-mod-drawing');
      setError(null);
    };
    draw().catch(reason => over || setError(reason as Error));
    return () => {
      over = true;
    };
  }, [rest, run.run_id, name, title, stamp, theme, context.rendermime]);
  // While the place is still on the page, which Lumino wants.
  useLayoutEffect(() => () => shown.current?.dispose(), []);
  return (
    <figure>
      {!titled && <figcaption>{title}</figcaption>}
      <Trouble error={error} />
      <div
        ref={host}
        className="jp-Workbench-figure"
        role="group"
        aria-label={title}
      />
    </figure>
  );
}

/** Vega's own menu, three dots to the eye, has no name otherwise. */
function nameMenu(node: HTMLElement, title: string): void {
  const menu = node.querySelector('.vega-embed summary');
  menu?.setAttribute('aria-label', `Save or show the source of ${title}`);
}
