DISTRIBUTION = "pyrsistent"
MODULE = "pyrsistent"
SETUP = "import pyrsistent as p"
SPECIMENS = (
    ('pyrsistent.PMap', 'p.m(a=1)', "dict(x), x.set('b', 2)['b']"),
    ('pyrsistent.PVector', 'p.v(1, 2)', 'list(x), x.append(3)[2]'),
)  # fmt: skip
