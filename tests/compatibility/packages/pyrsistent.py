DISTRIBUTION = "pyrsistent"
MODULE = "pyrsistent"
SETUP = "import pyrsistent as p"
SPECIMENS = (
    ('pyrsistent.PMap', 'p.m(a=1)', "dict(x), x.set('b', 2)['b']"),
    ('pyrsistent.PSet', 'p.s(1, 2)', 'sorted(x), 3 in x.add(3)'),
)  # fmt: skip
