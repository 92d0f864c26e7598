"""
(8, 'there') (10, 'there') 2
('bound', (('C', 1), 'there')) (2, 'there') (3, 'there') ('C', 4, 'there')
[('r', 'there'), ('r', 'there')]
"""
class Traced:
    def __init__(self, function):
        self.function, self.calls = function, 0
    def __call__(self, *args):
        self.calls += 1
        return self.function(*args), teleport()
    def __get__(self, instance, owner):
        return lambda *args: ("bound", self(instance, *args))
@Traced
def double(n):
    return n * 2
print(double(4), double(5), double.calls)
class C:
    @Traced
    def method(self, n):
        return type(self).__name__, n
    @staticmethod
    def static(n):
        return n, teleport()
    @classmethod
    def cls(cls, n):
        return cls.__name__, n, teleport()
print(C().method(1), C.static(2), C().static(3), C.cls(4))
def repeat(times):
    def decorate(function):
        def inner(*args):
            return [function(*args) for _ in range(times)]
        return inner
    return decorate
@repeat(2)
def once(x):
    return x, teleport()
print(once("r"))
