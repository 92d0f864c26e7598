DISTRIBUTION = "sortedcontainers"
MODULE = "sortedcontainers"
SETUP = "import sortedcontainers as s"
SPECIMENS = (
    ('sortedcontainers.SortedDict', "s.SortedDict({2: 'b', 1: 'a'})", 'x, x.peekitem(0)', "x[0] = 'z'"),
    ('sortedcontainers.SortedList', 's.SortedList([3, 1])', 'x, x.bisect(2)', 'x.add(2)'),
    ('sortedcontainers.SortedKeyList', 's.SortedKeyList([3, 1], key=lambda v: -v)', 'list(x)', 'x.add(2)'),
    ('sortedcontainers.SortedSet', 's.SortedSet([3, 1])', 'x', 'x.add(2)'),
)  # fmt: skip
