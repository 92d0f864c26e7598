"""
except 0 there there
finally 0 there
except 1 there there
finally 1 there
except 2 there there
finally 2 there
else 3
finally 3 there
clean 0 there
clean 1 there
clean 2 there
returned 2
overridden
left
after
inner there
outer 1 None
exit OSError there 88
exit None there None
between
exit None there None
"""

import warnings
def nested(depth):
    try:
        if depth:
            nested(depth - 1)
        else:
            raise ValueError(teleport())
    except ValueError as error:
        print("except", depth, teleport(), error)
        if depth < 2:
            raise
    else:
        print("else", depth)
    finally:
        print("finally", depth, teleport())
nested(3)
def returns():
    for n in range(3):
        try:
            if n == 1:
                continue
            if n == 2:
                return "returned", n
        finally:
            print("clean", n, teleport())
print(*returns())
with warnings.catch_warnings(action="ignore"):  # what 3.14 thinks of a return there
    exec('''
def overrides():
    try:
        raise KeyError
    finally:
        teleport()
        return "overridden"
''')
print(overrides())
def loop():
    while True:
        try:
            teleport()
            break
        finally:
            print("left")
    return "after"
print(loop())
try:
    try:
        raise ValueError(1)
    finally:
        try:
            raise KeyError(2)
        except KeyError:
            print("inner", teleport())
except ValueError as error:
    print("outer", error, error.__context__)
class Swallow:
    def __enter__(self):
        return self
    def __exit__(self, kind, error, tb):
        print("exit", kind and kind.__name__, teleport(), tb and tb.tb_lineno)
        return True
with Swallow():
    with Swallow() as s, Swallow():
        raise OSError("x")
    print("between")
