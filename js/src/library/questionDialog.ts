/** A question of a move, as a dialog; what is secret is not shown. */

import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import type { IQuestion } from './protocol';

class QuestionBody extends Widget implements Dialog.IBodyWidget {
  constructor(question: IQuestion) {
    super();
    this.addClass('jp-teleport-question');
    const label = document.createElement('label');
    label.textContent = question.text;
    this._input.type = question.secret ? 'password' : 'text';
    this._input.autocomplete = 'off';
    label.append(this._input);
    this.node.append(label);
  }

  getValue(): string {
    return this._input.value;
  }

  private readonly _input = document.createElement('input');
}

/** The dialog; its result has the answer as value, `yes` for a question that wants only that. */
export function questionDialog(question: IQuestion, trans: TranslationBundle): Dialog<string> {
  const isConfirmation = question.kind === 'confirm';
  return new Dialog<string>({
    title: trans.__('Teleport'),
    // The buttons say what may be answered; a key that nobody knows is not to be accepted by a stray Enter.
    body: isConfirmation
      ? (question.text.replace(/ *\(yes\/no\) *$/, '') as never)
      : new QuestionBody(question),
    ...(isConfirmation ? { defaultButton: 0 } : { focusNodeSelector: 'input' }),
    buttons: [
      Dialog.cancelButton({ label: isConfirmation ? trans.__('No') : trans.__('Cancel') }),
      Dialog.okButton({ label: isConfirmation ? trans.__('Yes') : trans.__('Answer') })
    ]
  });
}

/** What the user has said, null if they declined. */
export function answerIn(question: IQuestion, result: Dialog.IResult<string>): string | null {
  if (!result.button.accept) {
    return null;
  }
  return question.kind === 'confirm' ? 'yes' : (result.value ?? '');
}
