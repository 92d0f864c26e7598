"""
set there set
unset there
([1, 2], 'there', 'set')
set True set
"""
import contextvars
var = contextvars.ContextVar("var", default="default")
other = contextvars.ContextVar("other")
var.set("set")
print(var.get(), teleport(), var.get())
try:
    other.get()
except LookupError:
    print("unset", teleport())
other.set([1])
def inside():
    other.get().append(2)
    return other.get(), teleport(), var.get()
print(inside())
token = var.set("again")
var.reset(token)
teleport()
print(var.get(), token.var is var, token.old_value)
