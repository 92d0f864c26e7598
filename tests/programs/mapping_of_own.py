"""
1 2 none True 4 4
['a', 'b'] [('a', 1), ('b', 2)]
3 ('a', 1)
abab 1 abab {'x': 1, 'ab': 'abab'} default
"""
from collections.abc import MutableMapping
class Lower(MutableMapping):
    def __init__(self):
        self.data = {}
    def __getitem__(self, key):
        teleport()
        return self.data[key.lower()]
    def __setitem__(self, key, value):
        teleport()
        self.data[key.lower()] = value
    def __delitem__(self, key):
        del self.data[key.lower()]
    def __iter__(self):
        return iter(self.data)
    def __len__(self):
        return len(self.data)
m = Lower()
m["A"] = 1
m["b"] = 2
print(m["a"], m.get("B"), m.get("c", "none"), "A" in m, m.setdefault("D", 4), m.pop("d"))
print([k for k in m], [(k, v) for k, v in m.items()])
m.update(C=3)
print(len(m), m.popitem())
class Default(dict):
    def __missing__(self, key):
        teleport()
        value = self[key] = key * 2
        return value
    def __getattr__(self, name):
        if name in self:
            teleport()
            return self[name]
        raise AttributeError(name)
d = Default(x=1)
print(d["ab"], d.x, d.ab, d, getattr(d, "nope", "default"))
