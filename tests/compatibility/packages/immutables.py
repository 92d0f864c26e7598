DISTRIBUTION = "immutables"
MODULE = "immutables"
SETUP = "import immutables"
SPECIMENS = (
    ('immutables.Map', 'immutables.Map(a=1)', "dict(x), x.set('b', 2)['b']"),
)  # fmt: skip
