DISTRIBUTION = "tqdm"
MODULE = "tqdm"
SETUP = """
import tqdm, io
bar = tqdm.tqdm(total=9, file=io.StringIO()); bar.update(2)
"""
SPECIMENS = (
    ('tqdm.std.tqdm', 'bar', 'x.n, x.total', 'x.update(3)'),
    ('tqdm.std.tqdm', 'x = tqdm.tqdm(iter([1, 2, 3]), file=io.StringIO(), disable=True)', 'x.disable, x.n', 'x.n = 1'),
)  # fmt: skip
