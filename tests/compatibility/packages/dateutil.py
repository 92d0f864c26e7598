DISTRIBUTION = "python-dateutil"
MODULE = "dateutil"
SETUP = "import dateutil.rrule as r, dateutil.tz as tz, dateutil.relativedelta as rd, datetime as d"
SPECIMENS = (
    ('dateutil.relativedelta.relativedelta', 'rd.relativedelta(months=1)', 'd.date(2020, 1, 31) + x'),
    ('dateutil.rrule.rrule', 'r.rrule(r.DAILY, count=3, dtstart=d.datetime(2020, 1, 1))', 'list(x)'),
    ('dateutil.tz.tz.tzfile', "tz.gettz('Europe/Berlin')", 'x.utcoffset(d.datetime(2020, 7, 1))'),
    ('dateutil.tz.tz.tzutc', 'tz.tzutc()', 'x is tz.tzutc(), x'),
)  # fmt: skip
