DISTRIBUTION = "attrs"
MODULE = "attr"
SETUP = """
import attrs
@attrs.define
class D:
    a: int = attrs.field(validator=attrs.validators.instance_of(int))
    b: list = attrs.Factory(list)
@attrs.frozen
class F:
    a: int = 1
"""
SPECIMENS = (
    ('notebook.D', 'D(1)', 'x, attrs.asdict(x), x == D(1)', 'x.b.append(3)'),
    ('notebook.F', 'F(2)', 'x, hash(x) == hash(F(2)), attrs.evolve(x, a=3)'),
    ('attr.Attribute', 'attrs.fields(D).a', 'x.name, x.type'),
)  # fmt: skip
