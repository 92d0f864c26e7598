"""
<module> 54 8 18
bare 33 8 18
raising 29 15 29
raising 30 4 28
<module> 54 8 18
named 42 8 19
named 39 8 18
raising 30 4 28
<module> 54 8 18
kept 51 4 34
kept 47 12 22
raising 29 15 29
raising 30 4 28
kept 47 12 22
raising 30 4 28
<module> 66 4 11
final 62 8 18
raising 30 4 28
<module> 78 4 11
generate 74 8 38
"""
import traceback
def show(error):
    for entry in traceback.extract_tb(error.__traceback__):
        print(entry.name, entry.lineno, entry.colno, entry.end_colno)
def raising(n):
    if n:
        return raising(n - 1)
    raise ValueError("deep")
def bare():
    try:
        raising(1)
    except ValueError:
        teleport()
        raise
def named():
    try:
        raising(0)
    except ValueError as error:
        teleport()
        raise error
def kept():
    errors = []
    for n in range(2):
        try:
            raising(n)
        except ValueError as error:
            errors.append(error)
    teleport()
    raise errors[1] from errors[0]
for function in (bare, named, kept):
    try:
        function()
    except ValueError as error:
        teleport()
        show(error)
        if error.__cause__:
            show(error.__cause__)
def final():
    try:
        raising(0)
    finally:
        teleport()
try:
    final()
except ValueError as error:
    show(error)
def generate():
    try:
        yield 1
    finally:
        teleport()
        raise KeyError("in generator")
g = generate()
next(g)
try:
    next(g)
except KeyError as error:
    show(error)
