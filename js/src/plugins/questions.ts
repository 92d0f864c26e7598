import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Dialog } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';

import { answer } from '../library/asking';
import type { IQuestion } from '../library/protocol';
import { answerIn, questionDialog } from '../library/questionDialog';
import type { ITeleport } from '../library/teleport';
import { ITeleports, TRANSLATION_DOMAIN } from '../tokens';

/** What a move wants to know, asked in a dialog: a host key, a password, a code. */
export const questions: JupyterFrontEndPlugin<void> = {
  id: 'pyteleport-jupyter:questions',
  description: 'Asks for what a move needs to know.',
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
  const open = new Map<string, Dialog<string>>();
  const put = async (question: IQuestion) => {
    const dialog = questionDialog(question, trans);
    open.set(question.id, dialog);
    const result = await dialog.launch();
    if (open.delete(question.id)) {
      await answer(teleport.kernel, question.id, answerIn(question, result));
    }
  };
  teleport.asked.connect((_, question) => {
    void put(question);
  });
  teleport.answered.connect((_, id) => {
    const dialog = open.get(id);
    if (open.delete(id)) {
      dialog?.reject();
    }
  });
}
