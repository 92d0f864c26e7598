import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';

import { Teleports } from '../library/teleports';
import { ITeleports } from '../tokens';

interface IWithContext {
  readonly sessionContext: ISessionContext;
}

/** Provides {@link ITeleports}, from the notebooks and consoles that are open. */
export const teleports: JupyterFrontEndPlugin<ITeleports> = {
  id: 'pyteleport-jupyter:teleports',
  description: 'Knows where the session of each kernel is.',
  autoStart: true,
  provides: ITeleports,
  optional: [INotebookTracker, IConsoleTracker],
  activate: (
    _: JupyterFrontEnd,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null
  ): ITeleports => {
    const known = new Teleports();
    for (const tracker of [notebooks, consoles]) {
      tracker?.widgetAdded.connect((_, widget: IWithContext) => {
        known.add(widget.sessionContext);
      });
      tracker?.currentChanged.connect((_, widget: IWithContext | null) => {
        known.use(widget?.sessionContext ?? null);
      });
    }
    return known;
  }
};
