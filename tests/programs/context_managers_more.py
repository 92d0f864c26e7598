"""
enter a there
enter b there
a b there
exit b None there
exit a None there
enter x there
enter y there
pushed None there
callback there
exit y None there
exit x None there
enter swallows there
enter passes there
exit passes ValueError there
exit swallows ValueError there
enter kept there
exit kept None there
setup g there
caught 'g' there
teardown g there
setup decorating there
teardown decorating there
(1, 'there')
closing there
begin
inside there
end there
enter returning there
exit returning None there
there
enter 0 there
exit 0 None there
enter 1 there
exit 1 None there
"""
import contextlib
class Manager:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow
    def __enter__(self):
        print("enter", self.name, teleport())
        return self
    def __exit__(self, kind, error, tb):
        print("exit", self.name, kind and kind.__name__, teleport())
        return self.swallow
with Manager("a") as a, Manager("b") as b:
    print(a.name, b.name, teleport())
with contextlib.ExitStack() as stack:
    for name in "xy":
        stack.enter_context(Manager(name))
    stack.callback(lambda: print("callback", teleport()))
    stack.push(lambda *info: print("pushed", info[0], teleport()))
    teleport()
with contextlib.ExitStack() as stack:
    stack.enter_context(Manager("swallows", True))
    stack.enter_context(Manager("passes"))
    raise ValueError
kept = contextlib.ExitStack()
kept.enter_context(Manager("kept"))
teleport()
kept.pop_all().close()
@contextlib.contextmanager
def generator(name):
    print("setup", name, teleport())
    try:
        yield name
    except KeyError as error:
        print("caught", error, teleport())
    finally:
        print("teardown", name, teleport())
with generator("g") as g:
    teleport()
    raise KeyError(g)
@generator("decorating")
def decorated(x):
    return x, teleport()
print(decorated(1))
with contextlib.suppress(ZeroDivisionError), contextlib.nullcontext(5) as five:
    print(five, teleport(), 1 / (five - 5))
class Open:
    def close(self):
        print("closing", teleport())
with contextlib.closing(Open()) as o:
    teleport()
class Both(contextlib.ContextDecorator):
    def __enter__(self):
        teleport()
        print("begin")
    def __exit__(self, *info):
        print("end", teleport())
@Both()
def inside():
    print("inside", teleport())
inside()
def returns():
    with Manager("returning"):
        return teleport()
print(returns())
for n in range(2):
    with Manager(n):
        if n == 0:
            continue
        break
