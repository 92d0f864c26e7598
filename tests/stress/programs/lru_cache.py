"""A cache that forgets what was not used for longest: by hand, and functools.lru_cache."""

from collections import OrderedDict
from functools import lru_cache


class Cache:
    def __init__(self, size):
        self.size, self.items, self.hits = size, OrderedDict(), 0

    def __getitem__(self, key):
        value = self.items[key]
        self.items.move_to_end(key)
        self.hits += 1
        return value

    def __setitem__(self, key, value):
        self.items[key] = value
        self.items.move_to_end(key)
        if len(self.items) > self.size:
            self.items.popitem(last=False)

    def get(self, key, make):
        try:
            return self[key]
        except KeyError:
            self[key] = value = make(key)
            return value


cache = Cache(3)
made = [cache.get(key, lambda key: key * key) for key in (1, 2, 3, 1, 4, 2, 1, 5, 4)]
print(made, cache.hits, list(cache.items))


@lru_cache(maxsize=4)
def slow(n):
    total = 0
    for i in range(n):
        total += i
    return total


print([slow(n) for n in (3, 4, 3, 5, 6, 7, 3, 4)])
