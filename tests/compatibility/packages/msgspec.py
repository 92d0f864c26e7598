DISTRIBUTION = "msgspec"
MODULE = "msgspec"
SETUP = """
import msgspec
class S(msgspec.Struct):
    a: int
    b: list = []
"""
SPECIMENS = (
    ('notebook.S', 'S(1)', 'x, msgspec.json.encode(x)', 'x.b.append(2)'),
    ('msgspec.json.Encoder', 'msgspec.json.Encoder()', "x.encode({'a': 1})", '', 'cannot pickle'),
    ('msgspec.Raw', "msgspec.Raw(b'1')", 'bytes(x)'),
)  # fmt: skip
