DISTRIBUTION = "toolz"
MODULE = "toolz"
SETUP = "import toolz"
SPECIMENS = (
    ('toolz.functoolz.Compose', 'toolz.compose(str, lambda v: v + 1)', 'x(1)'),
    ('toolz.functoolz.curry', 'toolz.curry(lambda a, b: a - b)(3)', 'x(1)'),
)  # fmt: skip
