import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { label, noteHost } from '../library/cellHosts';
import { isAway } from '../library/words';
import { ITeleports, TRANSLATION_DOMAIN } from '../tokens';

const ID = 'pyteleport-jupyter:cells';

/** A small label on each cell that another host has run. */
export const cells: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Labels cells with the host that ran them.',
  autoStart: true,
  requires: [ITeleports, INotebookTracker],
  optional: [ISettingRegistry, ITranslator],
  activate: async (
    _: JupyterFrontEnd,
    teleports: ITeleports,
    notebooks: INotebookTracker,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const describe = (host: string) => trans.__('run on %1', host);
    let isShown = true;
    const watched = new WeakSet<Cell>();
    const watch = (cell: Cell) => {
      if (!watched.has(cell)) {
        watched.add(cell);
        // By whoever has run it, also another user.
        cell.model.metadataChanged.connect(() => {
          label(cell, describe, isShown);
        });
      }
    };
    const show = (panel: NotebookPanel) => {
      panel.content.widgets.forEach(cell => {
        watch(cell);
        label(cell, describe, isShown);
      });
    };
    const follow = async (panel: NotebookPanel) => {
      await panel.context.ready;
      show(panel);
      panel.content.model?.cells.changed.connect(() => {
        // The widgets are made by another listener of the same signal.
        queueMicrotask(() => {
          show(panel);
        });
      });
    };
    NotebookActions.executed.connect((_, { notebook, cell }) => {
      const panel = notebooks.find(each => each.content === notebook);
      const place = panel === undefined ? null : teleports.of(panel.sessionContext)?.place;
      noteHost(cell, place && isAway(place) ? place.host : null);
    });
    notebooks.widgetAdded.connect((_, panel) => {
      void follow(panel);
    });
    const loaded = await settings?.load(ID);
    const read = () => {
      isShown = loaded?.get('label').composite !== false;
      notebooks.forEach(show);
    };
    loaded?.changed.connect(read);
    read();
  }
};
