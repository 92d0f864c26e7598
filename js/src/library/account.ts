/** What is told of a move that came to nothing: a headline, and the rest for who asks. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMove } from './protocol';
import { moveInWords } from './words';

/** Characters of an error that fit into a notification of JupyterLab. */
const HEADLINE = 140;

/** The beginning of `text`: its first line, of a long one what fits, to the end of a sentence if there is one. */
export function headline(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  if (line.length <= HEADLINE) {
    return line;
  }
  const sentences = line.slice(0, HEADLINE).lastIndexOf('. ');
  return sentences > 0 ? line.slice(0, sentences + 1) : `${line.slice(0, HEADLINE - 1).trimEnd()}…`;
}

/** How far a move has come, line by line, and why it ended. */
export function account(
  moves: readonly IMove[],
  sentence: string,
  trans: TranslationBundle
): string {
  const steps = moves.map(move => `· ${moveInWords(move, trans)}`);
  return [sentence, ...(steps.length > 0 ? ['', trans.__('How far it came:'), ...steps] : [])].join(
    '\n'
  );
}

/** `moves` with one more: only the last word of each stage is kept. */
export function followed(moves: readonly IMove[], move: IMove): IMove[] {
  return [...moves.filter(each => each.stage !== move.stage), move];
}
