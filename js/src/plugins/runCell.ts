import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, type ISessionContext } from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker } from '@jupyterlab/notebook';
import { OutputArea } from '@jupyterlab/outputarea';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { teleportIcon } from '../icon';
import { load } from '../library/asking';
import { noteHost } from '../library/cellHosts';
import { known } from '../library/going';
import { pickHost } from '../library/hostPicker';
import { hosts } from '../library/requests';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** `teleport:run-cell`: `%%teleport` without typing; the cell's source stays as it is. */
export const runCell: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:run-cell',
  description: 'Runs just one cell on another host.',
  autoStart: true,
  requires: [ITeleports, INotebookTracker],
  optional: [ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    teleports: ITeleports,
    notebooks: INotebookTracker,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    app.commands.addCommand(CommandIDs.runCell, {
      label: trans.__('Run This Cell on…'),
      caption: trans.__('Run this cell on another host; the session stays here'),
      icon: teleportIcon,
      isEnabled: () => notebooks.activeCell?.model.type === 'code',
      execute: async args => {
        const panel = notebooks.currentWidget;
        const cell = notebooks.activeCell;
        const kernel = panel?.sessionContext.session?.kernel;
        if (!panel || !kernel || !(cell instanceof CodeCell)) {
          return;
        }
        const choice = await hosts(app.serviceManager.serverSettings);
        const title = trans.__('Run this cell on');
        const host =
          typeof args.target === 'string'
            ? args.target
            : await pickHost(choice, title, trans, trans.__('Run'));
        if (host !== null) {
          const teleport = teleports.of(panel.sessionContext);
          await (teleport === null ? load(kernel) : known(teleport, trans));
          await runOn(host, cell, panel.sessionContext);
        }
      }
    });
    palette?.addItem({ command: CommandIDs.runCell, category: trans.__('Teleport') });
  }
};

/** As if the cell began with `%%teleport HOST`. */
async function runOn(host: string, cell: CodeCell, context: ISessionContext): Promise<void> {
  const source = cell.model.sharedModel.getSource();
  cell.model.clearExecution();
  cell.model.executionState = 'running';
  const reply = await OutputArea.execute(`%%teleport ${host}\n${source}`, cell.outputArea, context);
  cell.model.executionState = 'idle';
  cell.model.executionCount = reply?.content.execution_count ?? null;
  noteHost(cell, host);
}
