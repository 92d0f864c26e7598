DISTRIBUTION = "xarray"
MODULE = "xarray"
SETUP = "import xarray as xr, numpy as np"
SPECIMENS = (
    ('xarray.DataArray', "xr.DataArray(np.eye(2), dims=['r', 'c'], coords={'r': [10, 20]})", 'x.sel(r=10).values.tolist(), x.dims', 'x[0, 0] = 7'),
    ('xarray.Dataset', "xr.Dataset({'v': ('t', [1, 2])}, attrs={'k': 1})", 'x.v.values.tolist(), x.attrs, sorted(x.data_vars)', "x['w'] = ('t', [3, 4])"),
    ('xarray.Variable', "xr.Variable('t', [1, 2])", 'x.values.tolist(), x.dims', 'x[0] = 4'),
    ('xarray.DataTree', "xr.DataTree(xr.Dataset({'v': 1}), children={'k': xr.DataTree()})", 'sorted(x.children), int(x.v)'),
)  # fmt: skip
