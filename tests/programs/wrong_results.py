"""
ValueError __len__() should return >= 0
TypeError __bool__ should return bool, returned int
TypeError __str__ returned non-string (type int)
TypeError __repr__ returned non-string (type int)
TypeError iter() returned non-iterator of type 'int'
TypeError __hash__ method should return an integer
TypeError __format__ must return a str, not int
TypeError __repr__ returned non-string (type int)
False
TypeError Wrong.__float__ returned non-float (type int)
"""
class Wrong:
    def __len__(self):
        teleport()
        return -1
    def __bool__(self):
        teleport()
        return 1
    def __str__(self):
        teleport()
        return 1
    def __repr__(self):
        teleport()
        return 2
    def __iter__(self):
        teleport()
        return 3
    def __hash__(self):
        teleport()
        return "4"
    def __format__(self, spec):
        teleport()
        return 5
    def __index__(self):
        teleport()
        return 6.0
    def __contains__(self, other):
        teleport()
        return []
    def __float__(self):
        teleport()
        return 7
def attempt(function):
    try:
        print(function(Wrong()))
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)


attempt(lambda w: len(w))
attempt(lambda w: 1 if w else 2)
attempt(lambda w: str(w))
attempt(lambda w: repr(w))
attempt(lambda w: [n for n in w])
attempt(lambda w: hash(w))
attempt(lambda w: f"{w}")
attempt(lambda w: f"{w!r:>4}")
attempt(lambda w: 1 in w)
attempt(lambda w: float(w))
