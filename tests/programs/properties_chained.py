"""
212.0
110 230.0
('too cold', 'there')
('x', 'there') True False {'x': ('x', 'there')}
"""
class Temperature:
    def __init__(self, celsius):
        self.celsius = celsius
    @property
    def celsius(self):
        return self._c
    @celsius.setter
    def celsius(self, value):
        if value < -273:
            raise ValueError("too cold", teleport())
        self._c = value + 0 * len(teleport())
    @property
    def fahrenheit(self):
        return self.celsius * 9 / 5 + 32 + 0 * len(teleport())
t = Temperature(100)
print(t.fahrenheit)
t.celsius += 10
print(t.celsius, t.fahrenheit)
try:
    t.celsius = -300
except ValueError as error:
    print(error.args)
class Lazy:
    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        value = name, teleport()
        setattr(self, name, value)
        return value
l = Lazy()
print(l.x, l.x is l.x, hasattr(l, "_hidden"), vars(l))
