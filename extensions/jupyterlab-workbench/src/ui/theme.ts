import type { IThemeManager } from '@jupyterlab/apputils';
import { useEffect, useReducer } from 'react';

/** The name of the theme; whoever uses it is drawn anew when it changes. */
export function useTheme(themes: IThemeManager | null): string | null {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    themes?.themeChanged.connect(draw);
    return () => {
      themes?.themeChanged.disconnect(draw);
    };
  }, [themes]);
  return themes?.theme ?? null;
}
