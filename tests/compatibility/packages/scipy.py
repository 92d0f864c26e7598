DISTRIBUTION = "scipy"
MODULE = "scipy"
SETUP = """
import scipy, scipy.sparse as sp, scipy.stats, scipy.interpolate, scipy.spatial, scipy.optimize, numpy as np
m = np.eye(3)
"""
SPECIMENS = (
    ('scipy.sparse.csr_matrix', 'sp.csr_matrix(m)', 'x.toarray().tolist(), x.nnz', 'x[0, 0] = 5'),
    ('scipy.sparse.csr_array', 'sp.csr_array(m)', 'x.toarray().tolist()', 'x[0, 0] = 5'),
    ('scipy.sparse.csc_matrix', 'sp.csc_matrix(m)', 'x.toarray().tolist()', 'x[0, 0] = 5'),
    ('scipy.sparse.coo_matrix', 'sp.coo_matrix(m)', 'x.toarray().tolist()', 'x.data[0] = 5'),
    ('scipy.sparse.lil_matrix', 'sp.lil_matrix(m)', 'x.toarray().tolist()', 'x[0, 1] = 5'),
    ('scipy.sparse.dok_matrix', 'sp.dok_matrix(m)', 'x.toarray().tolist()', 'x[0, 1] = 5'),
    ('scipy.sparse.bsr_matrix', 'sp.bsr_matrix(m)', 'x.toarray().tolist()'),
    ('scipy.sparse.dia_matrix', 'sp.dia_matrix(m)', 'x.toarray().tolist()'),
    ('scipy.stats._distn_infrastructure.rv_continuous_frozen', 'scipy.stats.norm(1, 2)', 'x.mean(), x.std()'),
    ('scipy.special.MultiUFunc', "__import__('scipy.special').special.assoc_legendre_p", "x is __import__('scipy.special').special.assoc_legendre_p"),
    ('scipy.stats._kde.gaussian_kde', 'scipy.stats.gaussian_kde([1.0, 2, 4])', 'x(1.5).tolist()'),
    ('scipy.interpolate.CubicSpline', 'scipy.interpolate.CubicSpline([0, 1, 2], [0, 1, 4])', 'float(x(1.5))'),
    ('scipy.interpolate.interp1d', 'scipy.interpolate.interp1d([0, 1], [0, 2])', 'float(x(0.5))'),
    ('scipy.interpolate.RegularGridInterpolator', 'scipy.interpolate.RegularGridInterpolator(([0, 1], [0, 1]), m[:2, :2])', 'x([0.5, 0.5]).tolist()'),
    ('scipy.spatial.KDTree', 'scipy.spatial.KDTree(m)', '[list(map(float, each)) for each in x.query(m)]'),
    ('scipy.spatial.transform.Rotation', "scipy.spatial.transform.Rotation.from_euler('z', 90, degrees=True)", 'x.as_quat().round(6).tolist()'),
    ('scipy.optimize.OptimizeResult', 'scipy.optimize.minimize(lambda v: (v ** 2).sum(), [1.0])', 'x.message, x.success, x.x.round(3).tolist()', "x.message = 'seen'"),
    ('scipy.spatial.Delaunay', 'scipy.spatial.Delaunay([[0, 0], [0, 1], [1, 0.5]])', 'x.find_simplex([[0.3, 0.4]]).tolist()'),
)  # fmt: skip
