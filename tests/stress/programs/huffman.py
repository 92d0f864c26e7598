"""Huffman's code from a heap of ordered nodes."""

import heapq
from collections import Counter
from dataclasses import dataclass, field


@dataclass(order=True)
class Node:
    weight: int
    order: int
    letter: str = field(default="", compare=False)
    left: "Node | None" = field(default=None, compare=False, repr=False)
    right: "Node | None" = field(default=None, compare=False, repr=False)

    def codes(self, prefix=""):
        if self.letter:
            yield self.letter, prefix or "0"
            return
        yield from self.left.codes(prefix + "0")
        yield from self.right.codes(prefix + "1")


def huffman(text):
    heap = [Node(weight, ord(letter), letter) for letter, weight in Counter(text).items()]
    heapq.heapify(heap)
    order = 1000
    while len(heap) > 1:
        left, right = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, Node(left.weight + right.weight, order, "", left, right))
        order += 1
    return dict(heap[0].codes())


codes = huffman("abracadabra simsalabim")
for letter, code in sorted(codes.items()):
    print(repr(letter), code)
print(sum(len(codes[letter]) for letter in "abracadabra simsalabim"))
