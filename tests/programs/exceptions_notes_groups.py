"""
['a note', 'another'] True
types there inner
rest there 2
g (1 sub-exception) 1
Mine file 2
value there
"""
try:
    error = ValueError("v")
    error.add_note("a note")
    raise error
except ValueError as caught:
    teleport()
    caught.add_note("another")
    print(caught.__notes__, caught is error)
group = ExceptionGroup("g", [ValueError(1), ExceptionGroup("inner", [TypeError(2), KeyError(3)])])
try:
    teleport()
    raise group
except* TypeError as types:
    print("types", teleport(), types.exceptions[0].message)
except* (ValueError, KeyError) as rest:
    print("rest", teleport(), len(rest.exceptions))
match, rest = group.split(KeyError)
teleport()
print(match, rest.exceptions[0])
class Mine(ExceptionGroup):
    def derive(self, excs):
        return Mine(self.message, excs)
try:
    raise Mine("mine", [OSError(2, "gone", "file"), ValueError()])
except* OSError as caught:
    teleport()
    print(type(caught).__name__, caught.exceptions[0].filename, caught.exceptions[0].errno)
except* ValueError:
    print("value", teleport())
