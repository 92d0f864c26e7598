"""
('add', 'there', 1, 2) ('radd', 'there', 1, 2) ('sub', 'there', 1, 2) ('rsub', 'there', 1, 2)
('mul', 'there', 1, 2) ('rmul', 'there', 1, 2) ('truediv', 'there', 1, 2) ('rfloordiv', 'there', 1, 2) ('mod', 'there', 1, 2)
('pow', 'there', 1, 2) ('rpow', 'there', 1, 2) ('lshift', 'there', 1, 2) ('rrshift', 'there', 1, 2)
('and', 'there', 1, 2) ('ror', 'there', 1, 2) ('xor', 'there', 1, 2) ('matmul', 'there', 1, 2)
('add', 'there', 1, 5)
"""
import operator
class Number:
    def __init__(self, n):
        self.n = n
    def __repr__(self):
        return f"N{self.n}"
def both(name):
    def straight(self, other):
        place = teleport()
        return NotImplemented if isinstance(other, Right) else (name, place, self.n, other)
    def swapped(self, other):
        return ("r" + name, teleport(), self.n, other)
    return straight, swapped
class Right(Number):
    pass
names = "add sub mul truediv floordiv mod pow lshift rshift and or xor matmul".split()
for name in names:
    straight, swapped = both(name)
    setattr(Number, f"__{name}__", straight)
    setattr(Number, f"__r{name}__", swapped)
a = Number(1)
print(a + 2, 2 + a, a - 2, 2 - a)
print(a * 2, 2 * a, a / 2, 2 // a, a % 2)
print(a ** 2, 2 ** a, a << 2, 2 >> a)
print(a & 2, 2 | a, a ^ 2, a @ 2)
b = a
b += 5
print(b)
