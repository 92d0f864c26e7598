"""
[('first', 'start', 'there'), ('second', 'start', 'there')] [('second', 'stop', 'there')] ('first', 'x', 'there')
11
there
(2, 'there')
(1, 'there')
(0, 'there')
24
"""
handlers = {}
def on(name):
    def register(function):
        handlers.setdefault(name, []).append(function)
        return function
    return register
@on("start")
def first(event):
    return "first", event, teleport()
@on("start")
@on("stop")
def second(event):
    return "second", event, teleport()
def fire(name):
    return [handler(name) for handler in handlers[name]]
print(fire("start"), fire("stop"), first("x"))
compose = lambda *fs: (lambda x: x) if not fs else (lambda x: fs[0](compose(*fs[1:])(x)))
print(compose(lambda x: x + 1, lambda x: (teleport(), x * 2)[1], abs)(-5))
apply = lambda f, *a: f(*a)
print(apply(apply, apply, lambda: teleport()))
queue = [lambda n=n: (n, teleport()) for n in range(3)]
while queue:
    print(queue.pop()())
Y = lambda f: (lambda x: x(x))(lambda y: f(lambda *a: y(y)(*a)))
print(Y(lambda self: lambda n: 1 if n == 0 else n * self(n - 1) if teleport() else 0)(4))
