"""
(('base p', 'there'), 'there') ('called', ('base p', 'there')) called
set 1 there
deleted there
(('base p', 'there'), 'there') (('base p', 'there'), 'there')
set 2 there
set 3 there
deleted there
computed there
5 5 {'cached': 5}
('got x', 'there') ('got y', 'there') ('got z', 'there')
('get', False, 'Has', 'there') ('get', True, 'Has', 'there')
set 4 there
delete there
('meta', 'other', 'there')
('WithPlain', 'there')
"""
import functools
class Base:
    @property
    def p(self):
        return "base p", teleport()
    @property
    def callable(self):
        teleport()
        return lambda: "called"
class Derived(Base):
    @property
    def p(self):
        return super().p, teleport()
    @p.setter
    def p(self, value):
        print("set", value, teleport())
    @p.deleter
    def p(self):
        print("deleted", teleport())
    @property
    def both(self):
        return super().callable(), super(Derived, self).p
    def __delattr__(self, name):
        teleport()
        super().__delattr__(name)
    @functools.cached_property
    def cached(self):
        print("computed", teleport())
        return 5
d = Derived()
print(d.p, d.both, d.callable())
d.p = 1
del d.p
print(getattr(d, "p"), object.__getattribute__(d, "p"))
setattr(d, "p", 2)
object.__setattr__(d, "p", 3)
delattr(d, "p")
print(d.cached, d.cached, vars(d))
class Everything:
    def __getattribute__(self, name):
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        return "got " + name, teleport()
e = Everything()
print(e.x, e.y, getattr(e, "z"))
class Descriptor:
    def __get__(self, instance, owner):
        return "get", instance is None, owner.__name__, teleport()
    def __set__(self, instance, value):
        print("set", value, teleport())
    def __delete__(self, instance):
        print("delete", teleport())
    def __set_name__(self, owner, name):
        self.name = name
class Has:
    d = Descriptor()
h = Has()
print(h.d, Has.d)
h.d = 4
del h.d
class Meta(type):
    @property
    def q(cls):
        return cls.__name__, teleport()
    def __getattr__(cls, name):
        return "meta", name, teleport()
class WithMeta(metaclass=Meta):
    pass
print(WithMeta.q if False else WithMeta.other)
class Plain(type):
    @property
    def q(cls):
        return cls.__name__, teleport()
class WithPlain(metaclass=Plain):
    pass
print(WithPlain.q)
