DISTRIBUTION = "marshmallow"
MODULE = "marshmallow"
SETUP = """
import marshmallow as m
class Sch(m.Schema):
    a = m.fields.Int(load_default=3)
"""
SPECIMENS = (
    ('notebook.Sch', 'Sch()', "x.load({}), x.dump({'a': '4'})"),
    ('marshmallow.fields.Integer', 'm.fields.Int()', "x.deserialize('4')"),
)  # fmt: skip
