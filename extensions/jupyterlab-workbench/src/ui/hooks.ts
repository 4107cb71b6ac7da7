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
