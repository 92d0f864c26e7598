"""
enter there
body there
exit there None
exit there KeyError
enter there
exit there TypeError
caught TypeError
"""
class Manager:
    def __init__(self, swallow):
        self.swallow = swallow
    def __enter__(self):
        print("enter", teleport())
        return self
    def __exit__(self, kind, value, traceback):
        print("exit", teleport(), kind and kind.__name__)
        return self.swallow

with Manager(False) as m:
    print("body", teleport())

class Quiet(Manager):
    def __enter__(self):
        return self

with Quiet(True):
    raise KeyError(teleport())
try:
    with Manager(False) as m:
        raise TypeError
except TypeError as error:
    print("caught", type(error).__name__)
