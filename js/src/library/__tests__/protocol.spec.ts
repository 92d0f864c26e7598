import { parseMessage } from '../protocol';

const place = { host: 'cartesius', target: 'cartesius', home: 'laptop', pid: 7 };

describe('parseMessage', () => {
  it('knows a hello of its version', () => {
    expect(parseMessage({ type: 'hello', version: 1, place })).toEqual({
      type: 'hello',
      version: 1,
      place
    });
  });

  it.each([
    ['another version', { type: 'hello', version: 2, place }],
    ['no object', 'hello'],
    ['a list', [{ type: 'hello' }]],
    ['an unknown type', { type: 'execute', code: 'x' }],
    ['a place without a host', { type: 'place', place: { ...place, host: 3 } }],
    [
      'a stage that there is not',
      { type: 'move', move: { stage: 'dance', host: 'a', seconds: 1 } }
    ],
    [
      'bytes that are none',
      { type: 'move', move: { stage: 'ship', host: 'a', seconds: 1, sent: 'x' } }
    ],
    ['a link without time', { type: 'link', link: { state: 'up' } }]
  ])('drops %s', (_, data) => {
    expect(parseMessage(data)).toBeNull();
  });
});
