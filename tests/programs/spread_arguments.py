"""
((1, 2), [], 'there')
((0, 1, 2, 3), [('a', 4)], 'there')
((1, 2), [('b', 5)], 'there')
((1, 2), [('c', 'there')], 'there')
['1', '2'] [(1, 'a'), (2, 'b')] [1, 2]
"""
class Items:
    def __iter__(self):
        teleport()
        return iter([1, 2])
def f(*args, **kwargs):
    return args, sorted(kwargs.items()), teleport()
print(f(*Items()))
print(f(0, *Items(), 3, a=4))
print(f(*Items(), **{"b": 5}))
print(f(*[n for n in Items()], c=teleport()))
print(list(map(str, Items())), list(zip(Items(), "ab")), list(filter(None, Items())))
