import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import {
  Dialog,
  type ISessionContext,
  ISessionContextDialogs,
  showDialog
} from '@jupyterlab/apputils';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { isAway } from '../library/words';
import { ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** Restart and Shut Down ask in words that fit: they end the session there. */
export const restart: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:restart',
  description: 'Says what Restart and Shut Down do to a session that is elsewhere.',
  autoStart: true,
  requires: [ITeleports, ISessionContextDialogs],
  optional: [INotebookTracker, IConsoleTracker, ITranslator],
  activate: (
    _: JupyterFrontEnd,
    teleports: ITeleports,
    dialogs: ISessionContextDialogs,
    notebooks: INotebookTracker | null,
    consoles: IConsoleTracker | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    askAtRestart(teleports, dialogs, trans);
    for (const tracker of [notebooks, consoles]) {
      tracker?.widgetAdded.connect((_, widget: { readonly sessionContext: ISessionContext }) => {
        askAtShutdown(teleports, widget.sessionContext, trans);
      });
    }
  }
};

/** Where the session of `context` is, null if it is at home. */
function hostOf(teleports: ITeleports, context: ISessionContext): string | null {
  const place = teleports.of(context)?.place;
  return place != null && isAway(place) ? place.host : null;
}

function askAtRestart(
  teleports: ITeleports,
  dialogs: ISessionContextDialogs,
  trans: TranslationBundle
): void {
  const asUsual = dialogs.restart.bind(dialogs);
  // JupyterLab has one object that asks, and no other way to change its words.
  dialogs.restart = async (context, options) => {
    const host = hostOf(teleports, context);
    if (host === null) {
      return asUsual(context, options);
    }
    const words = trans.__('Restart ends the session on %1 and starts an empty one here.', host);
    const isMeant = await isSure(trans.__('Restart Kernel?'), words, trans.__('Restart'));
    if (isMeant) {
      await options?.onBeforeRestart();
      await context.restartKernel();
    }
    return isMeant;
  };
}

/** JupyterLab does not ask there at all, since what it ends is here and was the user's to end. */
function askAtShutdown(
  teleports: ITeleports,
  context: ISessionContext,
  trans: TranslationBundle
): void {
  const asUsual = context.shutdown.bind(context);
  context.shutdown = async () => {
    const host = hostOf(teleports, context);
    const words = trans.__('Shutting down ends the session on %1, with all that is in it.', host);
    if (
      host === null ||
      (await isSure(trans.__('Shut Down Kernel?'), words, trans.__('Shut Down')))
    ) {
      await asUsual();
    }
  };
}

async function isSure(title: string, body: string, label: string): Promise<boolean> {
  const buttons = [Dialog.cancelButton(), Dialog.warnButton({ label })];
  return (await showDialog({ title, body, buttons })).button.accept;
}
