"""
point 1 2 there
list 1 [2, 3]
other there
6 3
True False
"""
class Point:
    __match_args__ = ("x", "y")
    def __init__(self, x, y):
        self.x, self.y = x, y
def look(value):
    match value:
        case Point(x, y) if (place := teleport()):
            return "point", x, y, place
        case [first, *rest] if teleport():
            return "list", first, rest
        case _:
            return "other", teleport()
print(*look(Point(1, 2)))
print(*look([1, 2, 3]))
print(*look(7))
print((n := 3) + len([teleport() for _ in range(n)]), n)
print(1 < (2 if teleport() else 0) < 3, not teleport())
