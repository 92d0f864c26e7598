"""
str there
repr there
str there   repr there repr there str there
1 and 2 3
str there repr there repr there str there repr there
<abc|there> <x|there> <|there>
"""
class P:
    def __str__(self):
        return "str " + teleport()
class R:
    def __repr__(self):
        return "repr " + teleport()
print(P())
print(R())
print(f"{P()} {R()!r:>12} {R()} {P()!s}")
print("{} and {!r}".format(1, 2), "%s" % 3)
print(str(P()), repr(R()), str(R()), format(P()), ascii(R()))
class F:
    def __format__(self, spec):
        return f"<{spec}|{teleport()}>"
print(f"{F():abc}", format(F(), "x"), f"{F()}")
