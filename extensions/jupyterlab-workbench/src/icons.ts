import { LabIcon } from '@jupyterlab/ui-components';

// A flask whose content is a row of cards.
const svgstr = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16">
  <path class="jp-icon3" fill="#616161" d="M6 1h4v1H9.5v3.6l3.9 6.8A1.4 1.4 0 0 1 12.2 14.5H3.8a1.4
  1.4 0 0 1-1.2-2.1L6.5 5.6V2H6zm1.5 1v3.9L6 8.5h4L8.5 5.9V2zM4.6 11v2h1.6v-2zm2.6 0v2h1.6v-2zm2.6
  0v2h1.6v-2z"/>
</svg>`;

export const workbenchIcon = new LabIcon({
  name: 'jupyterlab-science-workbench:workbench',
  svgstr
});

// Cards on a board, some of them taken.
const mapSvg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16">
  <path class="jp-icon3" fill="#616161" d="M2 2h3v3H2zm4.5 0h3v3h-3zM11 2h3v3h-3zM2 6.5h3v3H2zm9
  0h3v3h-3zM6.5 11h3v3h-3zm4.5 0h3v3h-3zM7 7v2h2V7zm-.5-.5h3v3h-3zM2 11h3v3H2zm.5.5v2h2v-2z"/>
</svg>`;

export const mapIcon = new LabIcon({
  name: 'jupyterlab-science-workbench:map',
  svgstr: mapSvg
});
