import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

/** The button itself is in this plugin's settings schema, so that users can move or hide it. */
export const toolbar: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:toolbar',
  description: 'A button in the toolbars of notebooks and consoles.',
  autoStart: true,
  activate: () => undefined
};
