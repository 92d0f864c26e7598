DISTRIBUTION = "rich"
MODULE = "rich"
SETUP = """
import rich, rich.table, rich.text, rich.console, rich.panel, rich.tree, rich.progress, io
def shown(x):
    c = rich.console.Console(file=io.StringIO(), width=40); c.print(x); return c.file.getvalue()
table = rich.table.Table('a', 'b'); table.add_row('1', '2')
tree = rich.tree.Tree('t'); tree.add('u')
"""
SPECIMENS = (
    ('rich.table.Table', 'table', 'shown(x)', "x.add_row('3', '4')"),
    ('rich.text.Text', "rich.text.Text('hi', style='bold')", 'shown(x), x.spans', "x.append('!')"),
    ('rich.panel.Panel', "rich.panel.Panel('p')", 'shown(x)'),
    ('rich.tree.Tree', 'tree', 'shown(x)', "x.add('v')"),
    ('rich.console.Console', 'rich.console.Console(file=io.StringIO(), width=30)', 'x.width, x.file.getvalue()', "x.print('hi')"),
    ('rich.style.Style', 'rich.style.Style(bold=True)', 'x'),
)  # fmt: skip
