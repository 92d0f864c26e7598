DISTRIBUTION = "h5py"
MODULE = "h5py"
SETUP = "import h5py"
SPECIMENS = (
    ('h5py.File', "h5py.File('m.h5', 'w', driver='core', backing_store=False)", 'x', '', 'open it again there'),
    ('numpy.dtypes.ObjectDType', 'h5py.string_dtype()', 'x'),
)  # fmt: skip
