"""
x 4 str
age must be int {'name': 'x', 'age': 4}
there ('Static', 'there') ('p', 'there')
"""
class Typed:
    def __set_name__(self, owner, name):
        self.name = name
    def __init__(self, kind):
        self.kind = kind
    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        teleport()
        return instance.__dict__[self.name]
    def __set__(self, instance, value):
        teleport()
        if not isinstance(value, self.kind):
            raise TypeError(f"{self.name} must be {self.kind.__name__}")
        instance.__dict__[self.name] = value
class Person:
    name, age = Typed(str), Typed(int)
    def __init__(self, name, age):
        self.name, self.age = name, age
p = Person("x", 3)
p.age += 1
print(p.name, p.age, Person.name.kind.__name__)
try:
    p.age = "old"
except TypeError as error:
    print(error, p.__dict__)
class Static:
    @staticmethod
    def s():
        return teleport()
    c = classmethod(lambda cls: (cls.__name__, teleport()))
    p = property(lambda self: ("p", teleport()))
print(Static.s(), Static().c(), Static().p)
