DISTRIBUTION = "pytz"
MODULE = "pytz"
SETUP = "import pytz, datetime as d"
SPECIMENS = (
    ('pytz.tzfile.Europe/Berlin', "pytz.timezone('Europe/Berlin')", "x is pytz.timezone('Europe/Berlin'), x.localize(d.datetime(2020, 7, 1))"),
    ('pytz.UTC', 'pytz.UTC', 'x is pytz.UTC'),
)  # fmt: skip
