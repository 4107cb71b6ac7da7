import { useEffect, useReducer } from 'react';
import type { PolledModel } from '../models/polled';

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

/** Draw anew from time to time: ages grow also while nothing is heard. */
export function useTick(interval: number): void {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const timer = setInterval(draw, interval);
    return () => clearInterval(timer);
  }, [interval]);
}
