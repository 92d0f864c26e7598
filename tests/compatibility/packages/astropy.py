DISTRIBUTION = "astropy"
MODULE = "astropy"
SETUP = "import astropy.units as u, astropy.time, astropy.table, astropy.coordinates as c"
SPECIMENS = (
    ('astropy.units.quantity.Quantity', '3 * u.km', 'x.to(u.m)'),
    ('astropy.time.core.Time', "astropy.time.Time('2020-01-01')", 'x.jd'),
    ('astropy.table.table.Table', "astropy.table.Table({'a': [1, 2]})", "x['a'].tolist(), x.colnames", "x['b'] = [3, 4]"),
    ('astropy.coordinates.SkyCoord', 'c.SkyCoord(1 * u.deg, 2 * u.deg)', 'x.ra.deg'),
    ('astropy.units.core.IrreducibleUnit', 'u.m', 'x is u.m'),
)  # fmt: skip
