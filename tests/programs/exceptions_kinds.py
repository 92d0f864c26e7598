"""
FileNotFoundError 
UnicodeEncodeError 
JSONDecodeError 
ValueError 
KeyError 'k'
IndexError 
AttributeError 
SyntaxError 
StopIteration 
NameError 
Mine code 4
Slotted s
DivisionByZero 
AttributeError 
2 /no/such/file é 0 1 x 1
4 [1] 5 undefined ('k',)
"""
import json, decimal
def catch(function):
    try:
        function()
    except Exception as error:
        return error
class Mine(Exception):
    def __init__(self, code, *, extra=None):
        super().__init__(f"code {code}")
        self.code, self.extra = code, extra
class Slotted(Exception):
    __slots__ = ("x",)
def slotted():
    e = Slotted("s")
    e.x = 5
    raise e
def mine():
    raise Mine(4, extra=[1])
errors = [catch(f) for f in (
    lambda: open("/no/such/file"), lambda: "é".encode("ascii"), lambda: json.loads("{"),
    lambda: int("x"), lambda: {}["k"], lambda: [][1], lambda: None.x, lambda: compile("a b", "f", "exec"),
    lambda: next(iter([])), lambda: undefined, mine, slotted, lambda: decimal.Decimal(1) / 0, lambda: (1).missing,
)]
teleport()
for error in errors:
    print(type(error).__name__, str(error)[:10] if isinstance(error, (KeyError, Mine, Slotted)) else "")
print(errors[0].errno, errors[0].filename, errors[1].object, errors[1].start, errors[2].pos, errors[6].name, errors[7].lineno)
print(errors[10].code, errors[10].extra, errors[11].x, errors[9].name, errors[4].args)
