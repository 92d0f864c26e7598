"""
[3, 2, 1, 0]
True True
10 True
True True
"""
class Node:
    __slots__ = ("value", "next", "parent", "__weakref__")
    def __init__(self, value, next=None):
        self.value, self.next = value, next
        self.parent = None
    def __iter__(self):
        node = self
        while node is not None:
            yield node.value
            node = node.next
head = None
for n in range(4):
    head = Node(n, head)
    teleport()
print([n for n in head])
ring = Node("r")
ring.next = ring
ring.parent = [ring]
teleport()
print(ring.next is ring, ring.parent[0] is ring)
class Tree:
    def __init__(self, value, *children):
        self.value, self.children = value, list(children)
        for child in children:
            child.parent = self
    def walk(self):
        yield self
        for child in self.children:
            yield from child.walk()
tree = Tree(1, Tree(2, Tree(3)), Tree(4))
total = 0
for node in tree.walk():
    total += node.value
    teleport()
print(total, tree.children[0].children[0].parent.parent is tree)
d = {}
d["self"], d["list"] = d, [d]
teleport()
print(d["self"] is d, d["list"][0] is d)
