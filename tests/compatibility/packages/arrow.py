DISTRIBUTION = "arrow"
MODULE = "arrow"
SETUP = "import arrow"
SPECIMENS = (
    ('arrow.Arrow', 'arrow.get(2020, 1, 1)', 'x, x.shift(days=1)'),
)  # fmt: skip
