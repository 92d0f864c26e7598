"""
(9, 'there') (9, 'there') [4, 8]
(1, 2) Made
True
('a.b.c', (1,), 'there')
"""
class Power:
    def __init__(self, n):
        self.n = n
    def __call__(self, x, *, offset=0):
        return x ** self.n + offset, teleport()
square, cube = Power(2), Power(3)
print(square(3), cube(2, offset=1), [p(2)[0] for p in (square, cube)])
class Meta(type):
    def __call__(cls, *args):
        teleport()
        made = cls.__new__(cls)
        made.args = args
        return made
class Made(metaclass=Meta):
    pass
print(Made(1, 2).args, type(Made(3)).__name__)
class Singleton:
    one = None
    @classmethod
    def get(cls):
        if cls.one is None:
            teleport()
            cls.one = cls()
        return cls.one
print(Singleton.get() is Singleton.get())
class Chain:
    def __init__(self, path=()):
        self.path = path
    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        teleport()
        return Chain((*self.path, name))
    def __call__(self, *args):
        return ".".join(self.path), args, teleport()
abc = Chain().a.b.c
print(abc(1))
