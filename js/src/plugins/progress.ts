import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { IMove } from '../library/protocol';
import type { ITeleport } from '../library/teleport';
import { moveInWords } from '../library/words';
import { ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** A notification that lives through a move, with a button to stop it. */
export const progress: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:progress',
  description: 'Shows a move as it happens.',
  autoStart: true,
  requires: [ITeleports],
  optional: [ITranslator],
  activate: (_: JupyterFrontEnd, teleports: ITeleports, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    teleports.added.connect((_, teleport) => {
      follow(teleport, trans);
    });
  }
};

function follow(teleport: ITeleport, trans: TranslationBundle): void {
  let shown: string | null = null;
  teleport.changed.connect(() => {
    const move = teleport.move;
    if (move === null) {
      return;
    }
    const message = moveInWords(move, trans);
    if (shown === null) {
      shown = Notification.emit(message, 'in-progress', {
        autoClose: false,
        actions: [cancel(teleport, trans)]
      });
    } else {
      Notification.update({ id: shown, message, progress: part(move) });
    }
  });
  teleport.moved.connect((_, move) => {
    if (shown !== null) {
      const type = move.stage === 'arrived' ? 'success' : 'error';
      const autoClose = move.stage === 'arrived' ? 5000 : false;
      Notification.update({
        id: shown,
        message: moveInWords(move, trans),
        type,
        autoClose,
        actions: []
      });
      shown = null;
    }
  });
}

function cancel(teleport: ITeleport, trans: TranslationBundle): Notification.IAction {
  return {
    label: trans.__('Cancel'),
    callback: event => {
      // The notification tells how it ends.
      event.preventDefault();
      void teleport.kernel.interrupt();
    }
  };
}

/** How much of the shipping is done, from 0 to 1. */
function part(move: IMove): number | undefined {
  const { sent = 0, total = 0 } = move;
  return move.stage === 'ship' && total > 0 ? sent / total : undefined;
}
