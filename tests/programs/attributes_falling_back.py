"""
bad there
('good', 'there') called ('instead of missing_attribute', 'Lazy', 'there') ('instead of bad', 'Lazy', 'there')
raised no
bad there
('good', 'there') ('instead of bad', 'Lazy', 'there') ('instead of nothing', 'Lazy', 'there')
bad there
True False True
('plain', 'there') default
raised bad
('Descriptor', 'there')
('fallback', 'value') ('fallback', 'value')
('every', 'x', 'there')
bad there
('good', 'there') called ('instead of missing_attribute', 'Lazy', 'there') ('instead of bad', 'Lazy', 'there')
raised no
bad there
('good', 'there') ('instead of bad', 'Lazy', 'there') ('instead of nothing', 'Lazy', 'there')
bad there
True False True
('plain', 'there') default
raised bad
('Descriptor', 'there')
('fallback', 'value') ('fallback', 'value')
('every', 'x', 'there')
('of module', 'anything', 'there')
"""
import types
class Lazy:
    def __init__(self):
        self.owner = 1
    @property
    def good(self):
        return "good", teleport()
    @property
    def method(self):
        teleport()
        return lambda: "called"
    @property
    def owner_name(self):
        teleport()
        return self.missing_attribute
    @property
    def bad(self):
        print("bad", teleport())
        raise AttributeError("no")
    @property
    def worse(self):
        teleport()
        raise ValueError("no")
    def __getattr__(self, name):
        return f"instead of {name}", type(self).__name__, teleport()
class Plain:
    @property
    def good(self):
        return "plain", teleport()
    @property
    def bad(self):
        teleport()
        raise AttributeError("bad")
class Gets:
    def __get__(self, instance, owner):
        if teleport() and instance.fails:
            raise AttributeError("get")
        return owner.__name__, teleport()
class Descriptor:
    fails = False
    value = Gets()
    def __getattr__(self, name):
        return "fallback", name
class Every:
    def __getattribute__(self, name):
        if name == "x" and teleport():
            raise AttributeError(name)
        return object.__getattribute__(self, name)
    def __getattr__(self, name):
        return "every", name, teleport()
def tried():
    lazy = Lazy()
    print(lazy.good, lazy.method(), lazy.owner_name, lazy.bad)
    try:
        lazy.worse
    except ValueError as error:
        print("raised", error)
    print(getattr(lazy, "good"), getattr(lazy, "bad", 5), getattr(lazy, "nothing"))
    print(hasattr(lazy, "bad"), hasattr(Plain(), "bad"), hasattr(Plain(), "good"))
    print(getattr(Plain(), "good", 1), getattr(Plain(), "bad", "default"))
    try:
        getattr(Plain(), "bad")
    except AttributeError as error:
        print("raised", error)
    described = Descriptor()
    print(described.value)
    described.fails = True
    print(described.value, getattr(described, "value", 1))
    print(Every().x)
for turn in range(2):
    tried()
module = types.ModuleType("module")
def of_module(name):
    return "of module", name, teleport()
module.__getattr__ = of_module
print(module.anything)
