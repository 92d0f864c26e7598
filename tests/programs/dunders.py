"""
getitem there 1
set 2 there
del 3 there
neg there
len 4 there
str there
repr there
format there
iter [0, 1]
bool there yes
contains True False
getattr missing there
set attribute there
slices there
"""
class Thing:
    def __getitem__(self, key):
        return ("slices" if isinstance(key, slice) else "getitem"), teleport()
    def __setitem__(self, key, value):
        print("set", value, teleport())
    def __delitem__(self, key):
        print("del", key, teleport())
    def __neg__(self):
        return "neg", teleport()
    def __len__(self):
        self.__dict__["place"] = teleport()
        return 4
    def __str__(self):
        return "str " + teleport()
    def __repr__(self):
        return "repr " + teleport()
    def __format__(self, spec):
        return "format " + teleport()
    def __iter__(self):
        teleport()
        return iter(range(2))
    def __bool__(self):
        self.__dict__["place"] = teleport()
        return True
    def __contains__(self, item):
        return teleport() and item
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name, teleport()
    def __setattr__(self, name, value):
        print("set", name, teleport())
t = Thing()
print(*t[1], 1)
t[1] = 2
del t[3]
print(*-t)
print("len", len(t), t.place)
print(str(t))
print(repr(t))
print(f"{t}")
print("iter", [i for i in t])
print("bool", t.place, "yes" if t else "no")
print("contains", 1 in t, 1 not in t)
print("getattr", *t.missing)
t.attribute = 5
print(*t[1:2])
