"""
('small', 'there')
('large', 500)
('other', 'there')
('text', 's', 'there')
('points', 1, 'there')
('pair', 1, 2)
('mapping', ('pair', 3, 4), {'more': 1})
('diagonal', 2)
there
('other', 'there')
"""
from dataclasses import dataclass
@dataclass
class Point:
    x: int
    y: int
def describe(value):
    match value:
        case 0 | 1:
            return "small", teleport()
        case int(n) if n > 100 and teleport():
            return "large", n
        case str() as text:
            return "text", text, teleport()
        case [Point(x=0), *rest]:
            return "points", len(rest), teleport()
        case [x, y]:
            return "pair", x, y
        case {"key": inner, **others}:
            return "mapping", describe(inner), others
        case Point(x, y) if x == y:
            return "diagonal", x
        case None:
            return teleport()
        case _:
            return "other", teleport()
for value in (1, 500, 50, "s", [Point(0, 1), 2], (1, 2), {"key": [3, 4], "more": 1}, Point(2, 2), None, 3.5):
    print(describe(value))
