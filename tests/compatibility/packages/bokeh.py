DISTRIBUTION = "bokeh"
MODULE = "bokeh"
SETUP = """
from bokeh.plotting import figure
from bokeh.models import ColumnDataSource, Range1d
"""
SPECIMENS = (
    ('bokeh.models.ColumnDataSource', "ColumnDataSource({'a': [1, 2]})", 'x.data, x.id', "x.data['a'] = [3]"),
    ('bokeh.models.Range1d', 'Range1d(1, 2)', 'x.start, x.end', 'x.end = 7'),
    ('bokeh.plotting.figure', "x = figure(title='t'); x.line([1, 2], [3, 4])", 'x.title.text, len(x.renderers), x.id', "x.title.text = 'u'"),
)  # fmt: skip
