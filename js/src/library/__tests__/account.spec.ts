import { account, followed, headline } from '../account';
import type { IMove, Stage } from '../protocol';
import { trans } from './translation';

const step = (stage: Stage, seconds = 0): IMove => ({ stage, host: 'cartesius', seconds });

describe('what is told of a failure', () => {
  it('begins with its first line, to the end of a sentence where it is long', () => {
    expect(headline('No.\nBecause.')).toBe('No.');
    expect(headline(`It failed. ${'x'.repeat(200)}`)).toBe('It failed.');
    expect(headline('y'.repeat(200))).toBe(`${'y'.repeat(139)}…`);
    expect(headline('y'.repeat(200))).toHaveLength(140);
  });

  it('has all of it, and how far the move came', () => {
    expect(account([], 'No.', trans)).toBe('No.');
    expect(account([step('connect'), step('restore')], 'Disk full.', trans)).toBe(
      'Disk full.\n\nHow far it came:\n· Connecting to cartesius\n· Restoring the session on cartesius'
    );
  });

  it('keeps the last word of each stage', () => {
    const moves = [step('connect'), step('ship', 1), step('ship', 2)].reduce<IMove[]>(followed, []);
    expect(moves).toEqual([step('connect'), step('ship', 2)]);
  });
});
