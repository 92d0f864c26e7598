"""
4 True True True
5 True True True 3 3
True True
[7, 7, 'there', 1] True
True ['first', 'second']
"""
import copy, io, pickle
class Moving:
    def __init__(self, *parts):
        self.parts = parts
    def __deepcopy__(self, memo):
        made = Moving()
        memo[id(self)] = made
        teleport()
        made.parts = copy.deepcopy(self.parts, memo)
        return made
shared = [1, 2]
whole = {"first": shared, "moving": Moving(shared, shared), "second": shared, "again": (shared, [shared])}
copied = copy.deepcopy(whole)
print(
    len(copied),
    copied["first"] is copied["second"] is copied["moving"].parts[0] is copied["moving"].parts[1],
    copied["again"][0] is copied["again"][1][0] is copied["first"],
    copied["first"] is not shared,
)

# Cycles, through objects that are being copied while they move.
class Node:
    def __init__(self, name):
        self.name, self.others = name, []
    def __deepcopy__(self, memo):
        teleport()
        made = Node(self.name)
        memo[id(self)] = made
        made.others = copy.deepcopy(self.others, memo)
        teleport()
        return made
nodes = [Node(n) for n in range(5)]
for node in nodes:
    node.others = [other for other in nodes if other is not node][:3] + [nodes, node]
twins = copy.deepcopy(nodes)
print(
    len(twins),
    all(twin.others[-1] is twin for twin in twins),
    all(twin.others[-2] is twins for twin in twins),
    all(other in twins for twin in twins for other in twin.others[:3]),
    len(twins[0].others[:3]),
    len({id(other) for twin in twins[1:] for other in twin.others[:3]}) - 1,
)

# A memo of the program's own holds what is known to it from before.
ready = [1]
memo = {id(shared): ready, "hint": "kept"}
keep = [shared]
memo[id(memo)] = keep
made = copy.deepcopy([Moving(shared), shared], memo)
print(made[0].parts[0] is made[1] is ready, memo["hint"] == "kept")

# What is its own copy is not in the memo, and numbers of the user's own stay as they are.
class Same:
    def __deepcopy__(self, memo):
        teleport()
        return self
same = Same()
result = copy.deepcopy([7, 7, "there", same])
print(result[:3] + [result.count(same)], result[3] is same)

# The pickler that is written in Python remembers in the same way.
class Slow(pickle._Pickler):
    def persistent_id(self, obj):
        if obj == "move":
            teleport()
first = ["first", shared]
second = ["second", first]
file = io.BytesIO()
Slow(file).dump([first, "move", second, shared, "move", second, first])
loaded = pickle.loads(file.getvalue())
print(
    loaded[0] is loaded[6] is loaded[2][1] and loaded[2] is loaded[5] and loaded[0][1] is loaded[3],
    [loaded[0][0], loaded[2][0]],
)
