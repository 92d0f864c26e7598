"""
visited ['BinOp', 'Call']
timed there
called there
"""
import ast, timeit
class Visitor(ast.NodeVisitor):
    def __init__(self):
        self.seen = []
    def visit_BinOp(self, node):
        teleport()
        self.seen.append("BinOp")
        self.generic_visit(node)
    def visit_Call(self, node):
        teleport()
        self.seen.append("Call")
v = Visitor()
v.visit(ast.parse("1 + f()"))
print("visited", v.seen)
places = []
timeit.timeit(lambda: places.append(teleport()), number=1)
print("timed", *places)
import contextlib
with contextlib.closing(type("X", (), {"close": lambda self: print("called", teleport())})()):
    pass
