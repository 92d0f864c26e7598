DISTRIBUTION = "pendulum"
MODULE = "pendulum"
SETUP = "import pendulum"
SPECIMENS = (
    ('pendulum.DateTime', "pendulum.datetime(2020, 1, 1, tz='Europe/Berlin')", 'x, x.add(months=6)'),
    ('pendulum.Duration', 'pendulum.duration(days=3)', 'x.in_hours()'),
    ('pendulum.Date', 'pendulum.date(2020, 1, 1)', 'x.next(pendulum.MONDAY)'),
)  # fmt: skip
