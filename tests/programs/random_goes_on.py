"""
True
[0, 1, 2, 3, 4] True 3
"""
import random, copy
r = random.Random(5)
expected = copy.copy(random.Random(5))
first = [r.random() for _ in range(3)]
teleport()
print([r.random() for _ in range(3)] == [expected.random() for _ in range(6)][3:])
r.shuffle(deck := list(range(5)))
teleport()
print(sorted(deck), r.choice("abc") in "abc", r.getstate()[0])
