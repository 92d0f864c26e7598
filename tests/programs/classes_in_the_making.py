"""
new Value 1 () {} there
init Value 1 () {} there
new Value 2 (3,) {'key': 4} there
init Value 2 (3,) {'key': 4} there
new Value 5 () {'key': 6} there
init Value 5 () {'key': 6} there
1 2 5
new Special 7 () {} there
init Special 7 ('more',) {} there
7 ('there', -1)
new Failing 8 () {} there
failed 8 False
not for <class '__main__.Other'>
Failing Other
prepare Meta Base [] {} there
set given there
set x there
meta new Base x {} there
meta init Base Names {} there
prepare Meta Made ['int', 'Base'] {'option': 'there'} there
set given there
set y there
set method there
meta new Made y {'option': 'there'} there
meta init Made Names {'option': 'there'} there
meta new Third a {'option': 2} there
meta init Third dict {'option': 2} there
('there', 'there') ('Made', 4) 1
3 {'key': 1} there
(2, {'key': 1}, 'there')
[<Named.A: ('AA', 'there')>, <Named.B: ('BB', 'there')>]
"""
import enum
class Value:
    def __new__(cls, number, *more, **named):
        print("new", cls.__name__, number, more, named, teleport())
        return super().__new__(cls)
    def __init__(self, number, *more, **named):
        print("init", type(self).__name__, number, more, named, teleport())
        self.number = number
class Special(Value):
    def __new__(cls, number):
        if number < 0:
            return teleport(), number
        made = super().__new__(cls, number)
        teleport()
        return made
    def __init__(self, number):
        super().__init__(number, "more")
given = (5,)
print(Value(1).number, Value(2, 3, key=4).number, Value(*given, **{"key": 6}).number)
print(Special(7).number, Special(-1))
class Failing(Value):
    def __init__(self, number):
        teleport()
        raise KeyError(number)
try:
    Failing(8)
except KeyError as error:
    print("failed", error, error.__traceback__.tb_lineno == error.__traceback__.tb_next.tb_lineno)
class Other:
    def __new__(cls, kind):
        teleport()
        return object.__new__(kind)
    def __init__(self, kind):
        print("not for", kind)
print(type(Other(Failing)).__name__, type(Other(Other)).__name__)
class Names(dict):
    def __setitem__(self, name, value):
        if not name.startswith("__"):
            print("set", name, teleport())
        super().__setitem__(name, value)
class Meta(type):
    @classmethod
    def __prepare__(meta, name, bases, **options):
        print("prepare", meta.__name__, name, [each.__name__ for each in bases], options, teleport())
        names = Names()
        names["given"] = teleport()
        return names
    def __new__(meta, name, bases, names, **options):
        print("meta new", name, sorted(names)[-1], options, teleport())
        return super().__new__(meta, name, bases, dict(names))
    def __init__(cls, name, bases, names, **options):
        print("meta init", cls.__name__, type(names).__name__, options, teleport())
class Base(metaclass=Meta):
    x = 1
class Made(int, Base, option=teleport()):
    y = given, teleport()
    def method(self):
        return __class__.__name__, super().__add__(1)
print(Made.y, Made(3).method(), Meta("Third", (), {"a": 1}, option=2).a)
class Static(type):
    @staticmethod
    def __prepare__(*given, **options):
        return {"given": (len(given), options, teleport())}
    def __new__(meta, *given, **options):
        teleport()
        return type.__new__(meta, *given)
    def __init__(cls, *given, **options):
        print(len(given), options, teleport())
class Fourth(metaclass=Static, key=1):
    z = given
print(Fourth.z)
class Named(enum.Enum):
    @staticmethod
    def _generate_next_value_(name, start, count, last):
        return name * 2, teleport()
    A = enum.auto()
    B = enum.auto()
print(list(Named))
