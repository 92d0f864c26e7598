"""
['a', 'b', 'c']
['a', 'dictionary changed size during iteration']
['a', 'dictionary changed size during iteration']
[('a', 1), ('b', 9), ('c', 3)]
[1, 'dictionary changed size during iteration']
['c', 'b', 'a']
[('c', 3), ('b', 7), ('a', 1)]
dictionary changed size during iteration
['a', 'b', 'c', 'later'] 4 4
['a', 'b', 'c', 'later'] there [] end
['x', 'y']
"""
def over(d, change, view=lambda d: d):
    seen = []
    try:
        for item in view(d):
            seen.append(item)
            if len(seen) == 1:
                change(d)
            teleport()
    except RuntimeError as error:
        seen.append(str(error))
    return seen
def fresh():
    return {"a": 1, "b": 2, "c": 3}
print(over(fresh(), lambda d: None))
print(over(fresh(), lambda d: d.update(new=1)))
print(over(fresh(), lambda d: d.pop("c")))
print(over(fresh(), lambda d: d.update(b=9), dict.items))
print(over(fresh(), lambda d: d.clear(), dict.values))
print(over(fresh(), lambda d: None, lambda d: reversed(d)))
print(over(fresh(), lambda d: d.update(b=7), lambda d: reversed(d.items())))
d = fresh()
it, keys = iter(d), d.keys()
next(it)
teleport()
d["later"] = 4
try:
    print(next(it))
except RuntimeError as error:
    print(error)
print(list(keys), len(keys), keys.mapping["later"])
it = iter(d.items())
print([k for k, v in it], teleport(), list(it), next(it, "end"))
class Sub(dict):
    def keys(self):
        return "mine"
print(over(Sub(x=1, y=2), lambda d: None, dict.keys))
