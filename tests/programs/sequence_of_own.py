"""
4 a ['b', 'c'] True False ['d', 'c', 'b', 'a']
['xt', 'b', 'c'] ['xt', 'b', 'c'] True c
0 xt
1 b
2 c
"""
class Deck:
    def __init__(self, cards):
        self.cards = list(cards)
    def __len__(self):
        teleport()
        return len(self.cards)
    def __getitem__(self, index):
        teleport()
        return Deck(self.cards[index]) if isinstance(index, slice) else self.cards[index]
    def __setitem__(self, index, card):
        self.cards[index] = card + teleport()[:1]
    def __delitem__(self, index):
        teleport()
        del self.cards[index]
    def __contains__(self, card):
        teleport()
        return card in self.cards
    def __reversed__(self):
        teleport()
        return reversed(self.cards)
    def __iter__(self):
        for card in self.cards:
            teleport()
            yield card
d = Deck("abcd")
print(len(d), d[0], d[1:3].cards, "a" in d, "z" in d, [c for c in reversed(d)])
d[0] = "x"
del d[-1]
print(d.cards, [c for c in d], bool(d), d[-1])
first, *rest = d.cards
for i in range(len(d)):
    print(i, d[i])
