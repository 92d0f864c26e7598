"""
drop a
after a
drop b
after b there
drop c
returned
finally d
drop d
end
"""
class Mortal:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("drop", self.name)
def f(x):
    teleport()
    del x
    print("after a")
f(Mortal("a"))
b = Mortal("b")
place = teleport()
del b
print("after b", place)
def g():
    c = Mortal("c")
    teleport()
g()
print("returned")
def h(d):
    try:
        yield
        yield
    finally:
        print("finally", d.name)
d = h(Mortal("d"))
next(d)
teleport()
del d
print("end")
