import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import type { PolledModel } from '../models/polled';
import { RestError } from '../rest';

/** Draw anew whenever a model has looked. */
export function useModel(model: PolledModel): void {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    model.changed.connect(draw);
    return () => {
      model.changed.disconnect(draw);
    };
  }, [model]);
}

/** What says whether somebody looks at what shows a model. */
export function useLooked(model: PolledModel): () => boolean {
  return useCallback(() => model.isHeld && !document.hidden, [model]);
}

/**
 * Ask whenever something has changed, one question at a time: what changes before the answer has
 * come is asked for once, after it.
 */
export function useQuestion(ask: () => Promise<void>, about: unknown[]): void {
  const key = JSON.stringify(about);
  const latest = useRef(ask);
  latest.current = ask;
  const asking = useRef(false);
  const again = useRef(false);
  useEffect(() => {
    const go = async () => {
      asking.current = true;
      do {
        again.current = false;
        await latest.current();
      } while (again.current);
      asking.current = false;
    };
    if (asking.current) {
      again.current = true;
    } else {
      void go();
    }
  }, [key]);
}

/** Draw anew from time to time: ages grow also while nothing is heard. */
export function useTick(interval: number): void {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(draw, interval);
    return () => clearInterval(timer);
  }, [interval]);
}

type Action = () => Promise<void> | void;

/**
 * Do one thing at a time to what a model shows, and say what went wrong.
 *
 * That the server did not answer is told until it does.  Where the focus was it is afterwards: a
 * button cannot keep it while it waits.
 */
export function useAct(model: PolledModel): {
  act: (action: Action) => () => Promise<void>;
  busy: boolean;
  error: Error | null;
} {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setError(was => (was instanceof RestError && !was.status ? null : was));
  }, [model.seen]);
  const act = (action: Action) => async () => {
    const before = document.activeElement;
    setBusy(true);
    setError(null);
    try {
      await action();
    } catch (reason) {
      setError(reason as Error);
    } finally {
      setBusy(false);
      requestAnimationFrame(() => {
        if (document.activeElement === document.body) {
          (before as HTMLElement | null)?.focus();
        }
      });
    }
  };
  return { act, busy, error };
}
