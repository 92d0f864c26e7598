"""
0 [1, 2, 3] 4 there
1 there x ['y', 'z']
{'a': 1, 'b': 'there', 'c': 3} [0, 1, 'there', 'a', 'b'] (1, 'there')
(1, (2, 3), 'there', {'c': 4, 'd': 'there'}, 'there')
k 1 [2, 3] there
l 4 [] there
1 [0, 'there']
"""
first, *middle, last = range(5)
print(first, middle, last, teleport())
(a, b), [c, *d] = (1, teleport()), "xyz"
print(a, b, c, d)
merged = {**{"a": 1}, "b": teleport(), **dict(c=3)}
print(merged, [*range(2), teleport(), *"ab"], (*[1], teleport()))
def f(a, *args, b=0, **kwargs):
    return a, args, b, kwargs, teleport()
print(f(*[1, 2], *(3,), b=teleport(), **{"c": 4}, **{"d": teleport()}))
for key, (x, *rest) in {"k": (1, 2, 3), "l": (4,)}.items():
    print(key, x, rest, teleport())
i = 0
values = [0, 0]
i, values[i] = 1, teleport()
print(i, values)
