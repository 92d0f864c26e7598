import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Menu } from '@lumino/widgets';

import { StatusItem } from '../library/statusItem';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** Where the session is, in the status bar; a click shows where it may go. */
export const status: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:status',
  description: 'Shows in the status bar where the session is.',
  autoStart: true,
  requires: [ITeleports],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    teleports: ITeleports,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    if (statusBar === null) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const menu = new Menu({ commands: app.commands });
    const { go, home, plan, where, detach, sessions, doctor } = CommandIDs;
    for (const command of [go, home, plan, where, detach]) {
      menu.addItem({ command });
    }
    menu.addItem({ type: 'separator' });
    for (const command of [sessions, doctor]) {
      menu.addItem({ command });
    }
    const item = new StatusItem(teleports, trans, at => {
      menu.open(at.left, at.top);
    });
    statusBar.registerStatusItem('pyteleport-jupyter:status', {
      item,
      align: 'left',
      rank: 90,
      isActive: () => teleports.current !== null,
      activeStateChanged: teleports.currentChanged as never
    });
  }
};
