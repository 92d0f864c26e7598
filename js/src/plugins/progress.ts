import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import type { IMove } from '../library/protocol';
import type { ITeleport } from '../library/teleport';
import { moveInWords } from '../library/words';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** A notification that lives through a move, with a button to stop it. */
export const progress: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:progress',
  description: 'Shows a move as it happens.',
  autoStart: true,
  requires: [ITeleports],
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, teleports: ITeleports, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load(TRANSLATION_DOMAIN);
    teleports.added.connect((_, teleport) => {
      follow(app, teleport, trans);
    });
  }
};

function follow(app: JupyterFrontEnd, teleport: ITeleport, trans: TranslationBundle): void {
  let shown: string | null = null;
  let refused: { id: string; sentence: string } | null = null;
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
    const message = moveInWords(move, trans);
    const hasArrived = move.stage === 'arrived';
    if (shown !== null) {
      Notification.update({
        id: shown,
        message,
        type: hasArrived ? 'success' : 'error',
        autoClose: hasArrived ? 5000 : false,
        actions: hasArrived ? [] : [details(app, move.host, trans)]
      });
      shown = null;
    } else if (!hasArrived && refused?.sentence !== message) {
      // Refused before it began; at the next instruction it may be for the same reason.
      if (refused !== null) {
        Notification.dismiss(refused.id);
      }
      refused = { id: Notification.error(message, { autoClose: false }), sentence: message };
    }
  });
}

function details(
  app: JupyterFrontEnd,
  host: string,
  trans: TranslationBundle
): Notification.IAction {
  return {
    label: trans.__('Examine host'),
    callback: () => {
      void app.commands.execute(CommandIDs.doctor, { target: host });
    }
  };
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
