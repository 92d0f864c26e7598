"""
1 ('a', 'there') there ('b', 'there')
('caught', ('k',), 'there') there ('c', 'there')
True True False
closed 
[] None
stopped value there
result value there
[1, 2]
result value there
1 there True 2 None
True []
"""
def g():
    try:
        got = yield 1
        while True:
            try:
                got = yield got, teleport()
            except KeyError as error:
                got = yield "caught", error.args, teleport()
    finally:
        print("closed", teleport() if False else "")
x = g()
print(next(x), x.send("a"), teleport(), x.send("b"))
print(x.throw(KeyError("k")), teleport(), x.send("c"))
alias = x
teleport()
print(alias is x, x.gi_frame is not None, x.gi_running)
x.close()
print(list(x), x.gi_frame)
def returning():
    yield 1
    teleport()
    return "value"
y = returning()
next(y)
try:
    next(y)
except StopIteration as stop:
    print("stopped", stop.value, teleport())
def outer():
    result = yield from returning()
    print("result", result, teleport())
    yield 2
print([n for n in outer()])
z = outer()
print(next(z), teleport(), z.gi_yieldfrom is not None, next(z), z.gi_yieldfrom)
shared = returning()
pair = [shared, {"k": shared}]
next(shared)
teleport()
print(pair[0] is pair[1]["k"] is shared, [n for n in shared])
