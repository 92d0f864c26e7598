"""
(1, 2, 3) {'a': 'there'}
[1, 'there', 2, 3]
{'x': 1, 'y': 'there'}
a-there-b
0 there
there 1
"""
def f(*args, **kwargs):
    return args, kwargs
args, kwargs = f(*[1, 2], *(3,), **{"a": teleport()})
print(args, kwargs)
print([1, teleport(), *[2, 3]])
print({"x": 1, **{"y": teleport()}})
print("-".join(["a", teleport(), "b"]))
d = {}
d["k"] = d.setdefault("n", 0), teleport()
print(*d["k"])
d[teleport()] = 1
print(*d.popitem())
