"""
[('a', 5), ('b', 2)] ['a', 'b'] {'x': [1], 'y': [2]} 1 3 deque([2, 3, 4], maxlen=3) 1
2 9 1 True 3
there {'a': 'there'} None
v {1, 2} {1: 2, 3: 4}
"""
import collections as c
counter = c.Counter("abracadabra")
ordered = c.OrderedDict(b=1, a=2)
default = c.defaultdict(list, x=[1])
chain = c.ChainMap({"a": 1}, {"a": 2, "b": 3})
queue = c.deque([1, 2, 3], maxlen=3)
user = c.UserDict(a=1)
teleport()
default["y"].append(2)
queue.append(4)
ordered.move_to_end("b")
print(counter.most_common(2), list(ordered), dict(default), chain["a"], chain["b"], queue, user["a"])
counter.update("zz")
child = chain.new_child({"c": 9})
teleport()
print(counter["z"], child["c"], child.parents["a"], default.default_factory is list, queue.maxlen)
class Tally(dict):
    def __missing__(self, key):
        self[key] = teleport()
        return self[key]
t = Tally()
print(t["a"], t, t.get("b"))
frozen = frozenset([1, 2])
teleport()
print({frozen: "v"}[frozenset([2, 1])], {1, 2} | frozen, {1: 2} | {3: 4})
