"""
a add there
b radd there a
sum
a add there
error unsupported operand type(s) for +: 'A' and 'A'
c first there
a add there
error unsupported operand type(s) for +: 'A' and 'C'
a add there
error unsupported operand type(s) for +: 'A' and 'int'
a radd there
error unsupported operand type(s) for +: 'int' and 'A'
a radd there
error can only concatenate list (not "A") to list
a iadd there
a add there
b radd there a
sum
a iadd there
a add there
error unsupported operand type(s) for +=: 'A' and 'A'
a radd there
error 'A' object is not iterable
a add there
d radd there
error unsupported operand type(s) for +: 'A' and 'D'
d add there
a radd there
error unsupported operand type(s) for +: 'D' and 'A'
"""
class A:
    def __init__(self, name):
        self.name = name
    def __add__(self, other):
        print(self.name, "add", teleport())
        return NotImplemented
    def __radd__(self, other):
        print(self.name, "radd", teleport())
        return NotImplemented
    def __iadd__(self, other):
        print(self.name, "iadd", teleport())
        return NotImplemented
class B:
    name = "b"
    def __radd__(self, other):
        print("b radd", teleport(), other.name)
        return "sum"
class C(A):
    def __radd__(self, other):
        print("c first", teleport())
        return NotImplemented
def attempt(f):
    try:
        print(f())
    except TypeError as error:
        print("error", error)
a = A("a")
attempt(lambda: a + B())
attempt(lambda: a + A("other"))
attempt(lambda: a + C("c"))
attempt(lambda: a + 1)
attempt(lambda: 1 + a)
attempt(lambda: [1] + a)
def in_place(left, right):
    left += right
    return left
attempt(lambda: in_place(a, B()))
attempt(lambda: in_place(a, A("other")))
attempt(lambda: in_place([1], a))
class D(A):
    pass
attempt(lambda: a + D("d"))
attempt(lambda: D("d") + a)
