"""
P(x=1, y=[2]) True True (5, 'there') {'x': 1, 'y': [2]}
FrozenInstanceError F(a=1, b='b') True
('GREEN', 'there')
True True True Flag.A|B ['RED', 'GREEN'] True
(4, 'there') True True
abstract
Pair(left=1, right=0) {'left': 1, 'right': 0} ('left', 'right') True
Box (<class 'int'>,) 3 <class 'int'>
Proto ['area']
"""
import dataclasses, enum, abc, collections, typing
@dataclasses.dataclass(order=True)
class P:
    x: int
    y: list = dataclasses.field(default_factory=list)
    def __post_init__(self):
        self.z = self.x, teleport()
p = P(1, [2])
teleport()
print(p, p == P(1, [2]), p < P(2), dataclasses.replace(p, x=5).z, dataclasses.asdict(p))
@dataclasses.dataclass(frozen=True, slots=True)
class F:
    a: int = 1
    b: str = "b"
f = F()
teleport()
try:
    f.a = 2
except dataclasses.FrozenInstanceError as error:
    print(type(error).__name__, f, hash(f) == hash(F()))
class Color(enum.Enum):
    RED = 1
    GREEN = "g"
    ALIAS = 1
    def where(self):
        return self.name, teleport()
class Flag(enum.Flag):
    A = enum.auto()
    B = enum.auto()
red, both = Color.RED, Flag.A | Flag.B
print(Color.GREEN.where())
print(red is Color.RED, Color("g") is Color.GREEN, Color.ALIAS is red, both, [c.name for c in Color], Flag.A in both)
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
class Square(Shape):
    def area(self):
        return 4, teleport()
Shape.register(int)
teleport()
print(Square().area(), isinstance(5, Shape), issubclass(Square, Shape))
try:
    Shape()
except TypeError as error:
    print("abstract")
Pair = collections.namedtuple("Pair", "left right", defaults=[0])
pair = Pair(1)
teleport()
print(pair, pair._asdict(), Pair._fields, type(pair) is Pair)
T = typing.TypeVar("T")
class Box(typing.Generic[T]):
    def __init__(self, item: T):
        self.item = item
box = Box[int](3)
teleport()
print(type(box).__name__, Box[int].__args__, box.item, typing.get_type_hints(P)["x"])
class Proto(typing.Protocol):
    def area(self) -> int: ...
teleport()
print(Proto.__name__, [m for m in vars(Proto) if m == "area"])
