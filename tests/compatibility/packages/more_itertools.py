DISTRIBUTION = "more-itertools"
MODULE = "more_itertools"
SETUP = "import more_itertools as m"
SPECIMENS = (
    ('more_itertools.peekable', 'x = m.peekable([1, 2, 3]); next(x)', 'x.peek()', 'next(x)'),
    ('more_itertools.seekable', 'x = m.seekable([1, 2, 3]); next(x)', 'x.elements()[0]'),
    ('more_itertools.bucket', 'm.bucket([1, 2, 3], key=lambda v: v % 2)', 'sorted(x)'),
)  # fmt: skip
