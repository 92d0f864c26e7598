"""
True False False True
7 2.5 1j 3
True True
('rounded', 'there', None) ('rounded', 'there', 2) ('abs', 'there')
b'there' ['a', 'b'] ('floor', 'there') ['b', 'a'] 5
and
while [0, 1, 2]
True
"""
import math, operator
class T:
    def __init__(self, value):
        self.value = value
    def __bool__(self):
        teleport()
        return self.value
    def __int__(self):
        teleport()
        return 7
    def __float__(self):
        return 2.5 if teleport() else 0.0
    def __complex__(self):
        return 1j if teleport() else 0j
    def __index__(self):
        return 3 if teleport() else 0
    def __hash__(self):
        teleport()
        return 2 ** 70
    def __round__(self, digits=None):
        return "rounded", teleport(), digits
    def __abs__(self):
        return "abs", teleport()
    def __bytes__(self):
        return teleport().encode()
    def __dir__(self):
        teleport()
        return ["b", "a"]
    def __floor__(self):
        return "floor", teleport()
    def __reversed__(self):
        teleport()
        return iter("ba")
    def __len__(self):
        teleport()
        return 5
t, f = T(True), T(False)
print(bool(t), bool(f), not t, not f)
print(int(t), float(t), complex(t), operator.index(t))
print(hash(t) == hash(T(False)), hash(t) == 2 ** 70 % (2 ** 61 - 1))
print(round(t), round(t, 2), abs(t))
print(bytes(t), dir(t), math.floor(t), list(reversed(t)), len(t))
if t and not f:
    print("and")
print("while", [n for n in range(3) if t])
assert t
print(t.value if t else None)
