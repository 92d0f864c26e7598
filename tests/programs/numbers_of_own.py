"""
V(4, 6) 11 V(2, 4) V(2, 4) V(-1, -2) ('matmul', 'there') 5 True True
V(4, 6) True V(7, 10)
unsupported operand type(s) for ** or pow(): 'Vector' and 'int'
"""
class Vector:
    def __init__(self, *xs):
        self.xs = xs
    def __add__(self, other):
        teleport()
        return Vector(*[a + b for a, b in zip(self.xs, other.xs)])
    def __mul__(self, other):
        teleport()
        if isinstance(other, Vector):
            return sum([a * b for a, b in zip(self.xs, other.xs)])
        return Vector(*[a * other for a in self.xs])
    __rmul__ = __mul__
    def __matmul__(self, other):
        return "matmul", teleport()
    def __eq__(self, other):
        teleport()
        return self.xs == other.xs
    def __neg__(self):
        return self * -1
    def __pow__(self, n):
        return self * self if n == 2 else NotImplemented
    def __repr__(self):
        return f"V{self.xs}"
    def __iadd__(self, other):
        teleport()
        self.xs = (self + other).xs
        return self
v, w = Vector(1, 2), Vector(3, 4)
print(v + w, v * w, v * 2, 2 * v, -v, v @ w, v ** 2, v == Vector(1, 2), v != w)
u = v
u += w
print(u, u is v, v + w * 2 + -w)
try:
    v ** 3
except TypeError as error:
    print(error)
