import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { account, followed, headline } from '../library/account';
import type { IMove } from '../library/protocol';
import type { ITeleport } from '../library/teleport';
import { moveInWords } from '../library/words';
import { CommandIDs, ITeleports, TRANSLATION_DOMAIN } from '../tokens';

const NOTED_MILLISECONDS = 5000;

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
      const shown = new Shown(app, teleport, trans);
      teleport.changed.connect(() => {
        shown.goOn(teleport.move);
      });
      teleport.moved.connect((_, move) => {
        shown.end(move);
      });
    });
  }
};

/** The notification of one kernel's moves. */
class Shown {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly teleport: ITeleport,
    private readonly trans: TranslationBundle
  ) {}

  goOn(move: IMove | null): void {
    if (move === null) {
      this.drop();
      return;
    }
    this._steps = followed(this._steps, move);
    const id = (this._id ??= Notification.emit(moveInWords(move, this.trans), 'in-progress', {
      autoClose: false
    }));
    Notification.update({
      id,
      message: moveInWords(move, this.trans),
      progress: part(move),
      // Before it has begun, Stop would be for the running cell.
      actions: move.stage === 'asked' ? [] : [this.cancel()]
    });
  }

  end(move: IMove): void {
    const words = moveInWords(move, this.trans);
    const hasArrived = move.stage === 'arrived';
    const id = (this._id ??= Notification.emit(words, 'in-progress', { autoClose: false }));
    Notification.update({
      id,
      message: headline(words),
      type: hasArrived ? 'success' : 'error',
      progress: undefined,
      autoClose: hasArrived ? NOTED_MILLISECONDS : false,
      actions: hasArrived ? [] : [this.details(move.host, account(this._steps, words, this.trans))]
    });
    this._id = null;
    this._steps = [];
  }

  /** Nothing came of it, and somebody else has said why. */
  private drop(): void {
    if (this._id !== null) {
      Notification.dismiss(this._id);
    }
    this._id = null;
    this._steps = [];
  }

  private details(host: string, text: string): Notification.IAction {
    const { app, trans } = this;
    const examine = trans.__('Examine Host');
    return {
      label: trans.__('Show details'),
      callback: event => {
        // They may be wanted again.
        event.preventDefault();
        const buttons = [
          Dialog.createButton({ label: examine }),
          Dialog.okButton({ label: trans.__('Close') })
        ];
        void showDialog({
          title: trans.__('Not moved to %1', host),
          body: asText(text),
          buttons,
          defaultButton: 1
        }).then(async ({ button }) => {
          if (button.label === examine) {
            await app.commands.execute(CommandIDs.doctor, { target: host });
          }
        });
      }
    };
  }

  private cancel(): Notification.IAction {
    return {
      label: this.trans.__('Cancel'),
      callback: event => {
        // The notification tells how it ends.
        event.preventDefault();
        void this.teleport.kernel.interrupt();
      }
    };
  }

  private _id: string | null = null;
  private _steps: IMove[] = [];
}

function asText(text: string): Widget {
  const node = document.createElement('div');
  node.className = 'jp-teleport-details';
  node.textContent = text;
  return new Widget({ node });
}

/** How much of the shipping is done, from 0 to 1. */
function part(move: IMove): number | undefined {
  const { sent = 0, total = 0 } = move;
  return move.stage === 'ship' && total > 0 ? sent / total : undefined;
}
