"""
{'accumulate': 1, 'chain': 1, 'chain from': 'a', 'combinations': ('a', 'b'), 'with replacement': ('a', 'a'), 'compress': 'a', 'count': 5, 'big count': 1180591620717411303424, 'cycle': 'a', 'dropwhile': '1', 'filterfalse': '1', 'islice': 3, 'pairwise': ('a', 'b'), 'permutations': ('a', 'b', 'c'), 'product': ('a', 0), 'repeat': 'x', 'starmap': 8, 'takewhile': 'a', 'zip_longest': ('a', 'x'), 'tee one': 1, 'tee two': 1}
{'accumulate': 3, 'chain': 2, 'chain from': 'b', 'combinations': ('a', 'c'), 'with replacement': ('a', 'b'), 'compress': 'c', 'count': 8, 'big count': 1180591620717411303425, 'cycle': 'b', 'dropwhile': 'c', 'filterfalse': '2', 'islice': 10, 'pairwise': ('b', 'c'), 'permutations': ('a', 'c', 'b'), 'product': ('a', 1), 'repeat': 'x', 'starmap': 9, 'takewhile': 'b', 'zip_longest': ('b', '-'), 'tee one': 3, 'tee two': 2}
accumulate [6, 10]
chain ['a', 'b']
chain from ['c', 'd']
combinations [('a', 'd'), ('b', 'c'), ('b', 'd')]
with replacement [('a', 'c'), ('b', 'b'), ('b', 'c')]
compress ['e', 'f']
count [11, 14, 17]
big count [1180591620717411303426, 1180591620717411303427, 1180591620717411303428]
cycle ['c', 'a', 'b']
dropwhile ['2']
filterfalse ['3']
islice [17, 24, 31]
pairwise [('c', 'd')]
permutations [('b', 'a', 'c'), ('b', 'c', 'a'), ('c', 'a', 'b')]
product [('b', 0), ('b', 1)]
repeat ['x', 'x']
starmap [4]
takewhile ['c']
zip_longest [('c', '-')]
tee one []
tee two [3, 4]
a 2 there
b 3 there
c 1 there
"""
import itertools as t
its = {
    "accumulate": t.accumulate([1, 2, 3, 4]), "chain": t.chain([1, 2], "ab"),
    "chain from": t.chain.from_iterable(["ab", "cd"]), "combinations": t.combinations("abcd", 2),
    "with replacement": t.combinations_with_replacement("abc", 2), "compress": t.compress("abcdef", [1, 0, 1, 0, 1, 1]),
    "count": t.count(5, 3), "big count": t.count(2 ** 70), "cycle": t.cycle("abc"),
    "dropwhile": t.dropwhile(str.isalpha, "ab1c2"), "filterfalse": t.filterfalse(str.isalpha, "a1b2c3"),
    "islice": t.islice(range(100), 3, 50, 7), "pairwise": t.pairwise("abcd"), "permutations": t.permutations("abc"),
    "product": t.product("ab", range(2), repeat=1), "repeat": t.repeat("x", 4), "starmap": t.starmap(pow, [(2, 3), (3, 2), (4, 1)]),
    "takewhile": t.takewhile(str.isalpha, "abc1d"), "zip_longest": t.zip_longest("abc", "x", fillvalue="-"),
}
one, two = t.tee([1, 2, 3, 4])
its["tee one"], its["tee two"] = one, two
for step in range(2):
    print({name: next(it) for name, it in its.items()})
    next(one)
    teleport()
for name, it in its.items():
    print(name, list(t.islice(it, 3)))
for key, group in t.groupby("aabbbc"):
    print(key, len(list(group)), teleport())
