DISTRIBUTION = "boltons"
MODULE = "boltons"
SETUP = "import boltons.dictutils as d, boltons.setutils as s"
SPECIMENS = (
    ('boltons.dictutils.OrderedMultiDict', "d.OMD([('a', 1), ('a', 2)])", 'sorted(x.items(multi=True))', "x.add('b', 3)"),
    ('boltons.setutils.IndexedSet', 's.IndexedSet([3, 1])', 'x[1], list(x)', 'x.add(9)'),
)  # fmt: skip
