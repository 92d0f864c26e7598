"""
gone there
(2,) {}
unbound
"""
def f(a, b, *rest, c=1, **more):
    del a, rest, c
    place = teleport()
    try:
        a
    except UnboundLocalError:
        return "gone", place
print(*f(1, 2, 3, d=4))
def g(a, *rest, **more):
    del a
    teleport()
    return rest, more
print(*g(1, 2))
def h(flag):
    if flag:
        x = 1
    teleport()
    try:
        return x
    except UnboundLocalError:
        return "unbound"
print(h(False))
