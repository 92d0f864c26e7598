"""
[1, 2, 3] True ([1, 2, 3],)
1 2 {'key': {'n': 2}}
(1, 2, (3,), 'there', {'d': 4}) (1, 2, (), 3, {})
005 int
"""
def collect(item, into=[]):
    teleport()
    into.append(item)
    return into
print(collect(1), collect(2) is collect(3), collect.__defaults__)
def keyword(*, key={"n": 0}):
    key["n"] += 1
    teleport()
    return key["n"]
print(keyword(), keyword(), keyword.__kwdefaults__)
def positional(a, /, b, *args, c=teleport(), **more):
    teleport()
    return a, b, args, c, more
print(positional(1, 2, 3, d=4), positional(1, b=2, c=3))
def annotated(x: int = 5) -> str:
    teleport()
    return f"{x:03d}"
print(annotated(), annotated.__annotations__["x"].__name__)
