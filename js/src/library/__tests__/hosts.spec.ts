import { choices } from '../hosts';

describe('choices', () => {
  it('shows recent hosts first, each once', () => {
    expect(choices('', ['a', 'b', 'c'], ['c', 'a'])).toEqual(['c', 'a', 'b']);
  });

  it('filters by what is typed, and offers that itself last', () => {
    expect(choices('CART', ['cartesius', 'huygens'], [])).toEqual(['cartesius', 'CART']);
  });

  it('offers first what was typed to its end, then what begins so', () => {
    expect(choices('cart', ['a-cart', 'cart', 'cart-2'], ['cart-2'])).toEqual([
      'cart',
      'cart-2',
      'a-cart'
    ]);
  });

  it('takes a host that nobody knows', () => {
    expect(choices('bob@new ', ['a'], [])).toEqual(['bob@new']);
  });
});
