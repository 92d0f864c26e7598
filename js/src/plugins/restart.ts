import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ISessionContextDialogs, showDialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { isAway } from '../library/words';
import { ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** Restart asks in words that fit: it ends the session there and begins an empty one here. */
export const restart: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:restart',
  description: 'Says what a restart does to a session that is elsewhere.',
  autoStart: true,
  requires: [ITeleports, ISessionContextDialogs],
  optional: [ITranslator],
  activate: (
    _: JupyterFrontEnd,
    teleports: ITeleports,
    dialogs: ISessionContextDialogs,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    const asUsual = dialogs.restart.bind(dialogs);
    // JupyterLab has one object that asks, and no other way to change its words.
    dialogs.restart = async (context, options) => {
      const place = teleports.of(context)?.place;
      if (place == null || !isAway(place)) {
        return asUsual(context, options);
      }
      const { button } = await showDialog({
        title: trans.__('Restart Kernel?'),
        body: trans.__('Restart ends the session on %1 and starts an empty one here.', place.host),
        buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: trans.__('Restart') })]
      });
      if (button.accept) {
        await options?.onBeforeRestart();
        await context.restartKernel();
      }
      return button.accept;
    };
  }
};
