import {
  type UIEvent,
  useEffect,
  useLayoutEffect,
  useRef,
  useState
} from 'react';
import type { ILogPiece } from '../documents';
import type { Rest } from '../rest';
import { Trouble } from './parts';

const TAIL = 64_000;
const MOST = 1_000_000;
const INTERVAL = 2000;
// Pixels; less than a line.
const NEAR = 10;

/** The end of a log; it follows as long as somebody may write. */
export function Log(props: {
  /** What it is the log of. */
  kind: 'runs' | 'clusters';
  id: string;
  live: boolean;
  rest: Rest;
  /** Whether somebody sees it. */
  looked: () => boolean;
}): JSX.Element {
  const { kind, id, live, rest, looked } = props;
  const [text, setText] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const at = useRef<number | null>(null);
  useEffect(() => {
    let over = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      // An unseen page does not hear of the end: asking would never stop.
      if (!looked()) {
        timer = setTimeout(look, INTERVAL);
        return;
      }
      try {
        const piece = await rest.get<ILogPiece>([kind, id, 'log'], {
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
  }, [rest, kind, id, live, looked]);
  // Before the browser tells of any scroll: what has just been added is not in sight.
  useLayoutEffect(() => {
    if (follows.current) {
      box.current?.scrollTo(0, box.current.scrollHeight);
    }
  }, [text]);
  const scrolled = (event: UIEvent<HTMLPreElement>) => {
    const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
    // Not while hidden; somebody who reads further up is left there.
    if (clientHeight) {
      follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
    }
  };
  return (
    <>
      <Trouble error={error} />
      <pre
        className="jp-Workbench-log"
        ref={box}
        onScroll={scrolled}
        tabIndex={0}
        aria-label={`Log of the ${kind === 'runs' ? 'run' : 'cluster'}`}
      >
        {text || 'Nothing has been written yet.'}
      </pre>
    </>
  );
}
