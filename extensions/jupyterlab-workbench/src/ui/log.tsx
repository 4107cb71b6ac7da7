import { useEffect, useRef, useState } from 'react';
import type { ILogPiece, IRunPage } from '../documents';
import type { Rest } from '../rest';
import { isLive } from '../words';
import { Trouble } from './parts';

const TAIL = 64_000;
const MOST = 1_000_000;
const INTERVAL = 2000;

/** The end of a run's log; it follows as long as the run goes on. */
export function LogTab(props: { run: IRunPage; rest: Rest }): JSX.Element {
  const { run, rest } = props;
  const [text, setText] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const box = useRef<HTMLPreElement>(null);
  const at = useRef<number | null>(null);
  const live = isLive(run.state);
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        const piece = await rest.get<ILogPiece>(['runs', run.run_id, 'log'], {
          from: at.current ?? -TAIL
        });
        if (over) {
          return;
        }
        at.current = piece.stop;
        setText(before => (before + piece.text).slice(-MOST));
        setError(null);
        if (live || piece.stop < piece.size) {
          timer = setTimeout(look, piece.stop < piece.size ? 0 : INTERVAL);
        }
      } catch (reason) {
        if (!over) {
          setError(reason as Error);
          timer = setTimeout(look, 5 * INTERVAL);
        }
      }
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [rest, run.run_id, live]);
  useEffect(() => {
    box.current?.scrollTo(0, box.current.scrollHeight);
  }, [text]);
  return (
    <>
      <Trouble error={error} />
      <pre
        className="jp-Workbench-log"
        ref={box}
        tabIndex={0}
        aria-label="Log of the run"
      >
        {text || 'Nothing has been written yet.'}
      </pre>
    </>
  );
}
