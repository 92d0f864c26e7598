import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { cells } from './plugins/cells';
import { commands } from './plugins/commands';
import { doctor } from './plugins/doctor';
import { plan } from './plugins/plan';
import { progress } from './plugins/progress';
import { questions } from './plugins/questions';
import { restart } from './plugins/restart';
import { runCell } from './plugins/runCell';
import { sessions } from './plugins/sessions';
import { status } from './plugins/status';
import { teleports } from './plugins/teleports';
import { toolbar } from './plugins/toolbar';

export * from './tokens';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  teleports,
  commands,
  status,
  progress,
  questions,
  plan,
  sessions,
  doctor,
  restart,
  toolbar,
  cells,
  runCell
];

export default plugins;
