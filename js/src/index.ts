import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { cells } from './plugins/cells';
import { commands } from './plugins/commands';
import { progress } from './plugins/progress';
import { runCell } from './plugins/runCell';
import { status } from './plugins/status';
import { teleports } from './plugins/teleports';
import { toolbar } from './plugins/toolbar';

export * from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  teleports,
  commands,
  status,
  progress,
  toolbar,
  cells,
  runCell
];

export default plugins;
