"""
computed there
once 1
set 3 there
deleted there
class level there
"""
class Once:
    def __init__(self, function):
        self.function = function
    def __set_name__(self, owner, name):
        self.name = name
    def __get__(self, instance, owner=None):
        value = instance.__dict__[self.name] = self.function(instance)
        return value
class Checked:
    def __get__(self, instance, owner=None):
        return "class level " + teleport()
    def __set__(self, instance, value):
        print("set", value, teleport())
    def __delete__(self, instance):
        print("deleted", teleport())
class C:
    calls = 0
    checked = Checked()
    @Once
    def value(self):
        C.calls += 1
        return "computed " + teleport()
c = C()
print(c.value)
print("once", c.value and C.calls)
c.checked = 3
del c.checked
print(c.checked)
