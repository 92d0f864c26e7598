"""
open a
with a there
close a
swallowed there
stack there
close y
close x
suppressed
redirected 'hidden there'
raised inside ValueError
"""
import contextlib, io
@contextlib.contextmanager
def managed(name):
    print("open", name) if name == "a" else None
    try:
        yield name
    finally:
        teleport()
        print("close", name)
with managed("a") as a:
    print("with", a, teleport())
@contextlib.contextmanager
def swallowing():
    try:
        yield
    except ZeroDivisionError:
        print("swallowed", teleport())
with swallowing():
    teleport()
    1 / 0
with contextlib.ExitStack() as stack:
    stack.enter_context(managed("x"))
    stack.enter_context(managed("y"))
    print("stack", teleport())
with contextlib.suppress(KeyError):
    teleport()
    {}["k"]
print("suppressed")
out = io.StringIO()
with contextlib.redirect_stdout(out):
    print("hidden", end=" ")
    print(teleport(), end="")
print("redirected", repr(out.getvalue()))
@contextlib.contextmanager
def failing():
    yield
try:
    with failing():
        teleport()
        raise ValueError
except ValueError as e:
    print("raised inside", type(e).__name__)
