import { LabIcon } from '@jupyterlab/ui-components';

const ARROWS = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161"
    d="M7 4 2 9l5 5v-4h13V8H7V4Zm10 6v4H4v2h13v4l5-5-5-5Z"/></svg>`;

export const teleportIcon = new LabIcon({ name: 'pyteleport-jupyter:teleport', svgstr: ARROWS });
