"""
enumerate 10 0
enumerate 11 1
zip 0 a
zip 1 b
map 0
map 1
filter 1
filter 2
islice 1
islice 3
chain x
chain 0
chain 1
takewhile 0
takewhile 1
dropwhile 2
dropwhile 3
accumulate 0
accumulate 1
accumulate 3
starmap 1
starmap 1
nested 0 1 a
nested 1 2 b
(0, 0) 0 none
['0', '1', None]
cycle 0
cycle 1
"""
import itertools
def numbers(n=4):
    for i in range(n):
        teleport()
        yield i
for i, n in enumerate(numbers(2), 10):
    print("enumerate", i, n)
for n, letter in zip(numbers(), "ab"):
    print("zip", n, letter)
for n in map(str, numbers(2)):
    print("map", n)
for n in filter(None, numbers(3)):
    print("filter", n)
for n in itertools.islice(numbers(), 1, 4, 2):
    print("islice", n)
for n in itertools.chain("x", numbers(2)):
    print("chain", n)
for n in itertools.takewhile(lambda n: n < 2, numbers()):
    print("takewhile", n)
for n in itertools.dropwhile(lambda n: n < 2, numbers()):
    print("dropwhile", n)
for n in itertools.accumulate(numbers(3)):
    print("accumulate", n)
for n in itertools.starmap(max, zip(numbers(2), "ab", strict=False) if False else ((n, 1) for n in numbers(2))):
    print("starmap", n)
for i, (n, letter) in enumerate(zip(filter(None, numbers(3)), "ab")):
    print("nested", i, n, letter)
print(next(enumerate(numbers())), next(iter(numbers(1))), next(numbers(0), "none"))
def passing():
    result = yield from map(str, numbers(2))
    yield result
print([n for n in passing()])
for n in itertools.cycle(numbers(2)):
    print("cycle", n)
    if n == 1:
        break
