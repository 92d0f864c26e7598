"""
enter a
enter b
in a b there
exit b None
exit a None
enter c
exit c ValueError
swallowed
"""
class Manager:
    def __init__(self, name, swallow=False):
        self.name, self.swallow = name, swallow
    def __enter__(self):
        print("enter", self.name)
        return self.name
    def __exit__(self, kind, value, traceback):
        print("exit", self.name, kind and kind.__name__)
        return self.swallow

with Manager("a") as a, Manager("b") as b:
    print("in", a, b, teleport())
with Manager("c", swallow=True):
    teleport()
    raise ValueError
print("swallowed")
