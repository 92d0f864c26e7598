"""
1 ('missing', 'b', 'there') 1
('G', <class 'int'>, 'there') ('G', ('x', 2), 'there')
('meta', 1, 'there')
(1, 'there') ([2, 3], 'there')
[7, 4] 2
get k there
set k 15 there
get slice(2, 3, None) there
set ('a', 1) 10 there
[0, 5]
"""
class D(dict):
    def __missing__(self, key):
        return "missing", key, teleport()
d = D(a=1)
print(d["a"], d["b"], len(d))
class G:
    def __class_getitem__(cls, item):
        return cls.__name__, item, teleport()
print(G[int], G["x", 2])
class M(type):
    def __getitem__(cls, item):
        return "meta", item, teleport()
class H(metaclass=M):
    pass
print(H[1])
class L(list):
    def __getitem__(self, key):
        return super().__getitem__(key), teleport()
    def __setitem__(self, key, value):
        teleport()
        super().__setitem__(key, value)
    def __delitem__(self, key):
        super().__delitem__(key)
        teleport()
l = L([1, 2, 3, 4])
print(l[0], l[1:3])
l[0] = 9
l[1:3] = [7]
del l[0]
print(list.__repr__(l), len(l))
class Once:
    def __getitem__(self, key):
        print("get", key, teleport())
        return 10
    def __setitem__(self, key, value):
        print("set", key, value, teleport())
o = Once()
o["k"] += 5
o["a", 1] = o[2:3]
x = [0, 1]
x[teleport() == "there"] += 4
print(x)
