DISTRIBUTION = "uncertainties"
MODULE = "uncertainties"
SETUP = "import uncertainties as u"
SPECIMENS = (
    ('uncertainties.core.Variable', 'u.ufloat(1, 0.1)', 'x.n, x.s, (x + x).s', 'x.std_dev = 0.2'),
)  # fmt: skip
