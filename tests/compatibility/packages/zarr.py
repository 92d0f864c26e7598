DISTRIBUTION = "zarr"
MODULE = "zarr"
SETUP = "import zarr, numpy as np"
SPECIMENS = (
    ('zarr.Array', "x = zarr.create_array(store=zarr.storage.MemoryStore(), shape=3, dtype='i4'); x[:] = 2", 'x[:].tolist()', 'x[0] = 7'),
    ('zarr.storage.LocalStore', "zarr.storage.LocalStore('/tmp')", 'str(x.root)'),
)  # fmt: skip
