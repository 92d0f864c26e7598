"""
lt 1 2 -> True
gt 1 5 -> False
eq 1 2 -> True
eq 1 2 -> False
lt 3 2 gt 2 3 -> True
lt 3 3 -> '<' not supported between instances of 'A' and 'int'
eq 3 3 -> False
eq 3 3 -> True
eq 3 3 -> False
eq 3 4 eq 4 3 -> False
eq 3 4 eq 4 3 -> True
B.lt 7 1 -> False
gt 7 1 lt 1 7 -> True
gt 1 1 -> False
lt 1 2 yes
eq 1 2 lt 1 2 lt 1 2 [0, 1]
[1] [] False True t
"""
class A:
    def __init__(self, n, refuse=False):
        self.n, self.refuse = n, refuse
    def answer(self, name, other):
        place = teleport()
        print(name, self.n, getattr(other, "n", other), end=" ")
        return NotImplemented if self.refuse else self.n < getattr(other, "n", 0)
    def __lt__(self, other):
        return self.answer("lt", other)
    def __gt__(self, other):
        return self.answer("gt", other)
    def __eq__(self, other):
        return self.answer("eq", other)
    __hash__ = None
class B(A):
    def __lt__(self, other):
        return self.answer("B.lt", other)
def attempt(f):
    try:
        print("->", f())
    except TypeError as error:
        print("->", error)
x, y, z = A(1), A(2), A(3, refuse=True)
attempt(lambda: x < y)
attempt(lambda: x > 5)
attempt(lambda: x == y)
attempt(lambda: x != y)
attempt(lambda: z < y)
attempt(lambda: z < 3)
attempt(lambda: z == 3)
attempt(lambda: z != 3)
attempt(lambda: 3 == z)
attempt(lambda: z == A(4, refuse=True))
attempt(lambda: z != A(4, refuse=True))
attempt(lambda: x > B(7))
attempt(lambda: x < B(7, refuse=True))
attempt(lambda: 1 < x < y)
if x < y:
    print("yes")
while not x == y:
    print("no")
    break
print([n for n in range(2) if x < y])
class Odd:
    def __eq__(self, other):
        teleport()
        return [] if other else [1]
print(Odd() == 0, Odd() == 1, Odd() != 0, Odd() != 1, "t" if Odd() == 0 else "f")
