"""
0 there
1 there
[2, 3]
next there
default there none
send ('a', 'there')
via throw E('x') there
['k', 'there', 'end']
dunder there
"""
def rows(n):
    for i in range(n):
        yield i, teleport()

it = rows(4)
for i, place in it:
    print(i, place)
    if i == 1:
        break
print([i for i, place in it])
print("next", next(rows(1))[1])
def empty():
    global where
    where = teleport()
    return
    yield
value = next(empty(), "none")
print("default", where, value)
def echo():
    got = yield
    while True:
        got = yield got, teleport()
e = echo()
next(e)
print("send", e.send("a"))
class E(Exception): pass
def catcher():
    try:
        yield
    except E as error:
        yield repr(error), teleport()
c = catcher()
next(c)
print("via throw", *c.throw(E("x")))
def delegating():
    result = yield from inner()
    yield result
def inner():
    yield "k"
    yield teleport()
    return "end"
print([x for x in delegating()])
print("dunder", rows(1).__next__()[1])
