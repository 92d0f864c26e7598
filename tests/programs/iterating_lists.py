"""
[0, 1, 2, 3] [0, 1, 2, 3]
2 [0, 1, 2]
3 there
[2, 'changed']
1 x
None None
OrderedDict mutated during iteration
[('b', 'there'), ('c', 'there'), ('a', 'there')] ['a', 'c', 'b']
[('b', 2), ('c', 3), ('a', 1)]
called x there
called 0 there
"""
from collections import OrderedDict, deque
seen = []
growing = [0]
for n in growing:
    seen.append(n)
    teleport()
    if n < 3:
        growing.append(n + 1)
print(seen, growing)
shrinking = list(range(6))
for n in shrinking:
    shrinking.pop()
    teleport()
print(n, shrinking)
back = [1, 2, 3]
it = reversed(back)
print(next(it), teleport())
back[0] = "changed"
print(list(it))
for i, n in enumerate(growing):
    teleport()
    if i == 0:
        growing[1:] = ["x"]
print(i, n)
def mutated(container, change):
    try:
        for n in container:
            change(container)
            teleport()
    except RuntimeError as error:
        return str(error)
print(mutated(deque([1, 2]), lambda d: None), mutated(OrderedDict(a=1, b=2), lambda d: None))
print(mutated(OrderedDict(a=1, b=2), lambda d: d.update(c=1)))
o = OrderedDict(a=1, b=2, c=3)
o.move_to_end("a")
print([(k, teleport()) for k in o], [k for k in reversed(o) if teleport()])
print([(k, v) for k, v in o.items() if teleport()])
count = iter(lambda: growing.pop() if growing else None, None)
for n in count:
    print("called", n, teleport())
