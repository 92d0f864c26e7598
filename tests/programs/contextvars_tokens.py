"""
there inner True outer True
there outer
none
there in a function True
gone
there two
there three
two
none
there last 1
kept
none gone
used once
"""
import contextvars, contextlib
setting = contextvars.ContextVar("setting", default="none")
other = contextvars.ContextVar("other")
token = setting.set("outer")
inner = setting.set("inner")
print(teleport(), setting.get(), inner.var is setting, inner.old_value, token.old_value is contextvars.Token.MISSING)
setting.reset(inner)
print(teleport(), setting.get())
setting.reset(token)
print(setting.get())
def with_token():
    mine = other.set("in a function")
    try:
        def closure():
            return mine
        print(teleport(), other.get(), closure() is mine)
    finally:
        other.reset(mine)
    return other.get("gone")
print(with_token())
@contextlib.contextmanager
def setting_to(value):
    token = setting.set(value)
    try:
        yield value
    finally:
        setting.reset(token)
with setting_to("one"), setting_to("two"):
    print(teleport(), setting.get())
    with setting_to("three"):
        print(teleport(), setting.get())
    print(setting.get())
print(setting.get())
class Holder:
    pass
holder = Holder()
holder.tokens = [setting.set("kept")]
holder.token = other.set(1)
held = {"token": setting.set("last")}
print(teleport(), setting.get(), other.get())
setting.reset(held["token"])
print(setting.get())
setting.reset(holder.tokens.pop())
other.reset(holder.token)
print(setting.get(), other.get("gone"))
try:
    other.reset(holder.token)
except RuntimeError as error:
    print("used once")
