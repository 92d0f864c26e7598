import { bytesInWords, moveInWords, placeInWords, secondsInWords } from '../words';
import { trans } from './translation';

const place = { host: 'cartesius', target: 'cartesius', home: 'laptop', pid: 7 };

describe('words', () => {
  it('says bytes', () => {
    expect([812, 80e6, 2.5e12].map(bytesInWords)).toEqual(['812 B', '80.0 MB', '2.5 TB']);
  });

  it('says seconds', () => {
    expect([3, 240, 7200, 4 * 86400].map(secondsInWords)).toEqual(['3 s', '4 min', '2 h', '4 d']);
  });

  it('says where the session is and how the link is', () => {
    expect(placeInWords(place, { state: 'up', seconds: 0, roundTrip: 22.6 }, trans)).toBe(
      '⇄ cartesius · 23 ms'
    );
    expect(placeInWords({ ...place, target: 'home' }, null, trans)).toBe('⇄ local');
    expect(placeInWords(place, { state: 'trying', seconds: 12 }, trans)).toBe(
      '⇄ cartesius · reconnecting 12 s'
    );
  });

  it('says how long shipping will take', () => {
    const move = {
      stage: 'ship' as const,
      host: 'cartesius',
      seconds: 2,
      sent: 50e6,
      total: 100e6
    };
    expect(moveInWords(move, trans)).toBe(
      'Shipping to cartesius: 50.0 MB of 100.0 MB, 25.0 MB/s, 2 s left'
    );
  });
});
