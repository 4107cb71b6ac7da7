import { useEffect, useRef, useState } from 'react';
import type {
  IClusterRequest,
  IEstimateAnswer,
  IField,
  IScriptAnswer
} from '../documents';
import type { ClustersModel } from '../models/clusters';

const TYPING = 400;

/** What the server says of a request that has not been sent. */
export interface IDraft {
  problems: IField[];
  script: IScriptAnswer | null;
  estimate: IEstimateAnswer | null;
  error: Error | null;
  busy: boolean;
}

const NOTHING: IDraft = {
  problems: [],
  script: null,
  estimate: null,
  error: null,
  busy: true
};

/** Have the server look at a request whenever it has changed and rests for a moment. */
export function useDraft(
  model: ClustersModel,
  request: IClusterRequest
): IDraft {
  const [draft, setDraft] = useState(NOTHING);
  const number = useRef(0);
  useEffect(() => {
    const mine = ++number.current;
    setDraft(before => ({ ...before, busy: true }));
    const look = async () => {
      const take = (found: Partial<IDraft>) => {
        // An answer to a request that has changed since says nothing.
        if (mine === number.current) {
          setDraft(before => ({ ...before, error: null, ...found }));
        }
      };
      try {
        const script = await model.script(request);
        take({ script, problems: script.problems, estimate: null });
        // The scheduler is not asked about what could never be.
        if (
          !script.problems.length &&
          script.script &&
          mine === number.current
        ) {
          take({ estimate: await model.estimate(request) });
        }
      } catch (reason) {
        take({ ...NOTHING, error: reason as Error });
      } finally {
        take({ busy: false });
      }
    };
    const timer = setTimeout(() => void look(), TYPING);
    return () => clearTimeout(timer);
  }, [model, request]);
  return draft;
}
