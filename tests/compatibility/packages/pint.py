DISTRIBUTION = "pint"
MODULE = "pint"
SETUP = """
import pint
u = pint.get_application_registry()
"""
SPECIMENS = (
    ('pint.Quantity', "pint.Quantity(3, 'km')", "x.to('m').magnitude"),
    ('pint.Unit', "pint.Unit('km')", 'str(x)'),
)  # fmt: skip
