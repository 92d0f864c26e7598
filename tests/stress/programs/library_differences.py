"""difflib, pprint, copy, bisect, graphlib, shlex, fnmatch, heapq.merge and friends."""

import bisect
import copy
import difflib
import fnmatch
import graphlib
import heapq
import pprint
import reprlib
import shlex
from collections import ChainMap, UserDict, UserList, namedtuple
from functools import cached_property, lru_cache, partial, singledispatch, total_ordering

one = "one two three four\nfive\nsix seven\n".splitlines()
two = "one two tree four\nfive\nsix eight\nnine\n".splitlines()
print(*difflib.unified_diff(one, two, "a", "b", lineterm=""), sep="\n")
print(*difflib.ndiff(one[:1], two[:1]), sep="\n")
print(difflib.get_close_matches("appel", ["ape", "apple", "peach"]), f"{difflib.SequenceMatcher(None, 'abcd', 'bcde').ratio():.2f}")
pprint.pprint({"k" * 10: list(range(12)), "deep": {"a": ("x" * 30, "y" * 30), "b": {1, 2}}}, width=40)
print(reprlib.repr(list(range(100))), shlex.split("a 'b c' d\\ e"), shlex.join(["x y", "z"]))
print(fnmatch.filter(["a.py", "b.txt", "c.py"], "*.py"))
order = graphlib.TopologicalSorter({"d": {"b", "c"}, "b": {"a"}, "c": {"a"}})
order.prepare()
while order.is_active():
    ready = sorted(order.get_ready())
    print("ready", ready)
    order.done(*ready)
print(list(heapq.merge([1, 4, 9], [2, 3, 10])), heapq.nsmallest(2, [5, 1, 4], key=lambda x: -x))
marks = [bisect.bisect([60, 70, 80], score) for score in (55, 60, 75, 99)]
print(marks)


class Shelf(UserDict):
    def __setitem__(self, key, value):
        super().__setitem__(key.lower(), value)

    @cached_property
    def size(self):
        return len(self.data)


@total_ordering
class Version:
    def __init__(self, text):
        self.parts = tuple(map(int, text.split(".")))

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts

    def __hash__(self):
        return hash(self.parts)


shelf = Shelf(A=1, b=[1, 2])
deep = copy.deepcopy(shelf)
deep["b"].append(3)
print(shelf, deep, shelf.size, ChainMap({"a": 9}, shelf)["b"])
print(Version("1.10") > Version("1.9"), max(Version("2.0"), Version("2.0.1")).parts)
Point = namedtuple("Point", "x y", defaults=[0])
print(Point(1)._replace(y=5), Point._fields, UserList([1]) + [2])


@singledispatch
def shown(value):
    return f"other {value}"


@shown.register
def _(value: int):
    return f"int {value}"


@shown.register(list)
def _(value):
    return "list of " + ", ".join(map(shown, value))


@lru_cache(maxsize=None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


print(shown([1, "a", [2]]), fibonacci(20), partial(pow, 2)(5))
