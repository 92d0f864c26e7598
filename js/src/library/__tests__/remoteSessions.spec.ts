import type { IRemoteSession } from '../requests';
import { detailInWords, labelInWords } from '../words';
import { trans } from './translation';

const session: IRemoteSession = {
  id: '489951f1',
  host: 'cartesius',
  kind: 'kernel',
  origin: 'laptop',
  age: 7200,
  lease: 900,
  lease_left: null,
  memory: 1.2e9,
  linked: true
};

describe('a session elsewhere', () => {
  it('is named with its host, age, memory and link', () => {
    expect(labelInWords(session, trans)).toBe('cartesius · 489951f1');
    expect(detailInWords(session, trans)).toBe('2 h old, 1.2 GB, linked to laptop');
  });

  it('says what it is, unless it is that of a notebook', () => {
    expect(labelInWords({ ...session, kind: 'program' }, trans)).toBe(
      'cartesius · 489951f1 · script'
    );
  });

  it('is marked when nobody is linked to it', () => {
    const left = { ...session, linked: false, lease_left: 720, memory: null };
    expect(labelInWords(left, trans)).toBe('cartesius · 489951f1 (left over)');
    expect(detailInWords(left, trans)).toBe('2 h old, no link, ends in 12 min');
  });
});
