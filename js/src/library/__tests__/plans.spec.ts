import { inView, isLeft, sorted, totals } from '../plans';
import { parseMessage, type IPlan, type IRow, type Verdict } from '../protocol';

function row(name: string, nbytes: number, verdict: Verdict = 'moves'): IRow {
  return { name, path: '', type: 'list', nbytes, verdict, reason: '' };
}

const rows = [row('b', 10), row('lock', 0, 'stays'), row('a', 30)];
const plan: IPlan = { target: 'x', nbytes: 40, seconds: 4, count: 3, notes: [], rows };
const names = (found: IRow[]) => found.map(each => each.name);

describe('plans', () => {
  it('sorts by any column', () => {
    expect(names(sorted(rows, 'name', false))).toEqual(['a', 'b', 'lock']);
    expect(names(sorted(rows, 'nbytes', true))).toEqual(['a', 'b', 'lock']);
    expect(names(sorted(rows, 'verdict', true))).toEqual(['lock', 'a', 'b']);
  });

  it('shows only the rows in view, however many there are', () => {
    expect(inView(0, 240, 24, 10, 10_000)).toEqual([0, 20]);
    expect(inView(24 * 5000, 240, 24, 10, 10_000)).toEqual([4990, 5020]);
    expect(inView(24 * 9995, 240, 24, 10, 10_000)).toEqual([9985, 10_000]);
    expect(inView(900, 240, 24, 10, 3)).toEqual([3, 3]);
  });

  it('sorts ten thousand rows without a stall', () => {
    const many = Array.from({ length: 10_000 }, (_, n) => row(`v${n}`, n % 97));
    expect(sorted(many, 'name', true)[0]?.name).toBe('v9999');
  });

  it('adds up what goes', () => {
    expect(totals(plan, new Set())).toEqual({ nbytes: 40, seconds: 4, staying: 1 });
    expect(totals(plan, new Set(['a']))).toEqual({ nbytes: 10, seconds: 1, staying: 1 });
    expect(totals({ ...plan, seconds: null }, new Set(['a', 'lock'])).seconds).toBeNull();
    expect(isLeft(row('lock', 0, 'stays'), new Set(['lock']))).toBe(false);
  });

  it('is taken from the kernel only as what it is', () => {
    expect(parseMessage({ type: 'plan', id: '1', plan })).toEqual({
      type: 'plan',
      id: '1',
      plan,
      sentence: ''
    });
    expect(parseMessage({ type: 'plan', id: '1', sentence: 'no' })).toMatchObject({ plan: null });
    const strange = { ...plan, rows: [{ ...row('a', 1), verdict: 'dances' }] };
    expect(parseMessage({ type: 'plan', id: '1', plan: strange })).toBeNull();
  });

  it('knows a question', () => {
    const question = { id: '1', kind: 'password', text: 'Password:', secret: true };
    expect(parseMessage({ type: 'question', question })).toEqual({ type: 'question', question });
    expect(parseMessage({ type: 'question', question: { ...question, secret: 1 } })).toBeNull();
  });
});
