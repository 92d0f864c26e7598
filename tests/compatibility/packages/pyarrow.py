DISTRIBUTION = "pyarrow"
MODULE = "pyarrow"
SETUP = "import pyarrow as pa"
SPECIMENS = (
    ('pandas.arrays.ArrowStringArray', "__import__('pandas').array(['a', None], dtype='string[pyarrow]')", 'x.tolist(), str(x.dtype)', "x[0] = 'z'"),
    ('pyarrow.lib.Table', "pa.table({'a': [1, 2], 'b': ['x', None]})", 'x.to_pydict(), x.schema.names'),
    ('pyarrow.lib.RecordBatch', "pa.RecordBatch.from_pydict({'a': [1]})", 'x.to_pydict()'),
    ('pyarrow.lib.Int64Array', 'pa.array([1, None])', 'x.to_pylist()'),
    ('pyarrow.lib.StringArray', "pa.array(['a', 'b'])[1:]", 'x.to_pylist()'),
    ('pyarrow.lib.ChunkedArray', 'pa.chunked_array([[1], [2]])', 'x.to_pylist(), x.num_chunks'),
    ('pyarrow.lib.Schema', "pa.schema([('a', pa.int8())], metadata={'k': 'v'})", 'str(x)'),
    ('pyarrow.lib.Field', "pa.field('a', pa.list_(pa.int8()))", 'str(x)'),
    ('pyarrow.lib.ListType', 'pa.list_(pa.int8())', 'str(x)'),
    ('pyarrow.lib.Int64Scalar', 'pa.scalar(3)', 'x.as_py()'),
    ('pyarrow.lib.Buffer', "pa.py_buffer(b'abc')", 'x.to_pybytes()'),
)  # fmt: skip
