DISTRIBUTION = "pandas"
MODULE = "pandas"
SETUP = """
import pandas as pd, numpy as np
df = pd.DataFrame({'a': [1, 2, 2], 'b': ['x', 'y', None], 'c': [1.5, 2.5, 3.5]})
"""
SPECIMENS = (
    ('pandas.DataFrame', 'df.copy()', 'x.to_csv(), x.dtypes.to_dict()', "x.loc[0, 'a'] = 9"),
    ('pandas.Series', "df['c'].copy()", 'x.tolist(), x.name', 'x[0] = 9'),
    ('pandas.Index', "pd.Index(['a', 'b'], name='i')", "x.tolist(), x.name, x.get_loc('b')", "x.name = 'j'"),
    ('pandas.RangeIndex', 'pd.RangeIndex(3)', 'list(x)'),
    ('pandas.MultiIndex', "pd.MultiIndex.from_product([[1, 2], ['a']])", 'x.tolist(), x.names'),
    ('pandas.DatetimeIndex', "pd.date_range('2020', periods=3, tz='Europe/Berlin')", 'x.tolist(), x.freq'),
    ('pandas.PeriodIndex', "pd.period_range('2020', periods=3, freq='M')", 'x.tolist()'),
    ('pandas.IntervalIndex', 'pd.interval_range(0, 3)', 'x.tolist()'),
    ('pandas.CategoricalIndex', "pd.CategoricalIndex(['a', 'b', 'a'])", 'x.tolist(), x.categories.tolist()'),
    ('pandas.TimedeltaIndex', "pd.timedelta_range('1h', periods=2)", 'x.tolist()'),
    ('pandas.Categorical', "pd.Categorical(['a', 'b', 'a'])", 'x.codes.tolist()', "x[0] = 'b'"),
    ('pandas.Timestamp', "pd.Timestamp('2020-01-01', tz='UTC')", 'x'),
    ('pandas.Timedelta', "pd.Timedelta('1h')", 'x'),
    ('pandas.Period', "pd.Period('2020-01', 'M')", 'x, x.freq'),
    ('pandas.Interval', 'pd.Interval(0, 1)', 'x'),
    ('pandas.DateOffset', 'pd.DateOffset(months=1)', "pd.Timestamp('2020-01-31') + x"),
    ('pandas.arrays.IntegerArray', "pd.array([1, None], dtype='Int64')", 'x.tolist()', 'x[0] = 7'),
    ('pandas.arrays.BooleanArray', "pd.array([True, None], dtype='boolean')", 'x.tolist()', 'x[0] = False'),
    ('pandas.arrays.SparseArray', 'pd.arrays.SparseArray([0, 0, 1])', 'x.sum(), x.density'),
    ('pandas.api.typing.DataFrameGroupBy', "df.groupby('a')", "x['c'].sum().to_dict()"),
    ('pandas.api.typing.Rolling', "df['c'].rolling(2)", 'x.sum().tolist()[1:]'),
    ('pandas.CategoricalDtype', "pd.CategoricalDtype(['a'], ordered=True)", 'x'),
    ('pandas._libs.missing.NAType', 'pd.NA', 'x is pd.NA'),
)  # fmt: skip
