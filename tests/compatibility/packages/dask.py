DISTRIBUTION = "dask"
MODULE = "dask"
SETUP = """
import dask, dask.array as da, dask.dataframe as dd, dask.bag as db, pandas as pd
dask.config.set(scheduler='synchronous')
"""
SPECIMENS = (
    ('dask.array.Array', 'da.ones((4, 4), chunks=2) + 1', "float(x.sum().compute(scheduler='synchronous')), x.chunks"),
    ('dask.dataframe.DataFrame', "dd.from_pandas(pd.DataFrame({'a': [1, 2]}), npartitions=1)", "int(x.a.sum().compute(scheduler='synchronous'))"),
    ('dask.bag.Bag', 'db.from_sequence([1, 2])', "x.sum().compute(scheduler='synchronous')"),
    ('dask.delayed.Delayed', 'dask.delayed(lambda: 3)()', "x.compute(scheduler='synchronous')"),
)  # fmt: skip
