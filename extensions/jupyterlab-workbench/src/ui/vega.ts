/** What JupyterLab's own Vega-Lite draws; the newer version that altair names only warns there. */
const SCHEMA = 'https://vega.github.io/schema/vega-lite/v5.json';

/**
 * A Vega-Lite chart in the colours of the theme, as wide as there is room.
 */
export function inTheme(spec: any, place: HTMLElement): any {
  const style = getComputedStyle(place);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const text = colour('--jp-ui-font-color1');
  const line = colour('--jp-border-color1');
  const grid = colour('--jp-border-color2');
  const font = style.fontFamily;
  const words = { labelColor: text, titleColor: text };
  const fits = 'mark' in spec || 'layer' in spec;
  return {
    ...spec,
    $schema: SCHEMA,
    background: 'transparent',
    ...(fits
      ? { width: 'container', autosize: { type: 'fit', contains: 'padding' } }
      : {}),
    config: {
      ...spec.config,
      font,
      axis: {
        ...words,
        domainColor: line,
        gridColor: grid,
        tickColor: line,
        ...spec.config?.axis
      },
      header: { ...words, ...spec.config?.header },
      legend: { ...words, ...spec.config?.legend },
      title: {
        color: text,
        subtitleColor: text,
        anchor: 'start',
        frame: 'bounds',
        ...spec.config?.title
      },
      text: { fill: text, ...spec.config?.text },
      view: { stroke: grid, ...spec.config?.view }
    }
  };
}
