import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { IRemoteSession } from '../library/requests';
import { RemoteSessions } from '../library/remoteSessions';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

const PANEL = 'jp-running-sessions';

/** The sessions that live elsewhere, in the panel of what is running: take one up, or end it. */
export const sessions: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:sessions',
  description: 'Lists the sessions that live on other hosts.',
  autoStart: true,
  requires: [ITeleports],
  optional: [IRunningSessionManagers, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    teleports: ITeleports,
    running: IRunningSessionManagers | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    if (running === null) {
      return;
    }
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const known = new RemoteSessions({
      settings: app.serviceManager.serverSettings,
      trans,
      attach: session => {
        void attach(app, session);
      },
      kill: session => kill(session, trans)
    });
    running.add(known);
    teleports.added.connect((_, teleport) => {
      // A session has come or gone; hosts are not asked again and again.
      teleport.moved.connect(() => {
        known.refreshIfSeen();
      });
    });
    app.commands.addCommand(CommandIDs.sessions, {
      label: trans.__('Show Teleported Sessions'),
      execute: async () => {
        app.shell.activateById(PANEL);
        const trouble = await known.refresh();
        if (trouble !== '') {
          Notification.warning(trouble, { autoClose: 5000 });
        }
      }
    });
    palette?.addItem({ command: CommandIDs.sessions, category: trans.__('Teleport') });
  }
};

/** In a notebook of its own, whose kernel becomes the way to it. */
async function attach(app: JupyterFrontEnd, session: IRemoteSession): Promise<void> {
  const panel = (await app.commands.execute('notebook:create-new', {
    kernelName: app.serviceManager.kernelspecs.specs?.default ?? ''
  })) as NotebookPanel;
  await panel.sessionContext.ready;
  const source = `%load_ext pyteleport_jupyter\n%teleport attach '${session.host}/${session.id}'`;
  panel.content.activeCell?.model.sharedModel.setSource(source);
  await NotebookActions.run(panel.content, panel.sessionContext);
}

async function kill(session: IRemoteSession, trans: TranslationBundle): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('End the session on %1?', session.host),
    body: trans.__('Session %1 ends with all that is in it. This cannot be undone.', session.id),
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('End It') })]
  });
  return button.accept;
}
