DISTRIBUTION = "polars"
MODULE = "polars"
SETUP = "import polars as pl"
SPECIMENS = (
    ('polars.DataFrame', "pl.DataFrame({'a': [1, 2], 'b': ['x', None]})", 'x.to_dict(as_series=False), x.schema', "x[0, 'a'] = 9"),
    ('polars.Series', "pl.Series('s', [1, 2])", 'x.to_list(), x.name', 'x[0] = 7'),
    ('polars.LazyFrame', "pl.LazyFrame({'a': [1, 2]}).filter(pl.col('a') > 1)", 'x.collect().rows()'),
    ('polars.Expr', "pl.col('a') + 1", 'pl.select(a=1).select(x).rows()'),
    ('polars.Schema', "pl.Schema({'a': pl.Int8})", 'x'),
    ('polars.List', 'pl.List(pl.Int8)', 'x'),
)  # fmt: skip
