"""
True False
False True
[9, 0, 1, 0, 1] [0, 1, 5] {0, 1} (0, 2)
deque([0, 1], maxlen=2)
{0, 1, 5} True False
(0, 1, 0)
"""
from collections import deque
def numbers(n):
    for i in range(n):
        yield i if teleport() else None
print(any(n > 1 for n in numbers(3)), all(n < 1 for n in numbers(3)))
print(any(teleport() == "x" for _ in "ab"), all(teleport() for _ in "ab"))
got = [9]
got.extend(numbers(2))
got += numbers(2)
print(got, [*numbers(2), 5], {*numbers(2)}, (*numbers(1), 2))
queue = deque(maxlen=2)
queue.extend(numbers(3))
queue.extendleft(numbers(1))
print(queue)
some = {5}
some.update(numbers(2))
print(some, 1 in numbers(5), 7 in numbers(2))
def show(*args):
    return args
print(show(*numbers(2), *numbers(1)))
