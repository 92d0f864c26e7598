"""Distances between words, longest common subsequences, and a Markov chain of letters."""

import random
from collections import defaultdict


def memoised(function):
    known = {}

    def wrapper(*key):
        if key not in known:
            known[key] = function(*key)
        return known[key]

    wrapper.known = known
    return wrapper


@memoised
def distance(a, b):
    if not a or not b:
        return len(a) + len(b)
    if a[0] == b[0]:
        return distance(a[1:], b[1:])
    return 1 + min(distance(a[1:], b), distance(a, b[1:]), distance(a[1:], b[1:]))


def common(a, b):
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            table[i][j] = table[i - 1][j - 1] + 1 if x == y else max(table[i - 1][j], table[i][j - 1])
    found, i, j = [], len(a), len(b)
    while i and j:
        if a[i - 1] == b[j - 1]:
            found.append(a[i - 1])
            i, j = i - 1, j - 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return "".join(reversed(found))


class Chain:
    def __init__(self, text, order=2):
        self.order, self.following = order, defaultdict(list)
        for start in range(len(text) - order):
            self.following[text[start : start + order]].append(text[start + order])

    def __call__(self, start, chance):
        text = start
        while choices := self.following.get(text[-self.order :]):
            text += chance.choice(choices)
            if len(text) > 60:
                break
        return text


print(distance("kitten", "sitting"), len(distance.known), common("nematode knowledge", "empty bottle"))
chain = Chain("the rain in spain stays mainly in the plain, so they say in the main")
print(chain("th", random.Random(3)))
print({key: "".join(sorted(set(value))) for key, value in sorted(chain.following.items()) if len(value) > 2})
