DISTRIBUTION = "numba"
MODULE = "numba"
SETUP = """
import numba, numpy as np
@numba.njit
def add(a, b):
    return a + b
add(1, 2)
"""
SPECIMENS = (
    ('numba.core.registry.CPUDispatcher', 'add', 'x(2, 3), x.signatures'),
    ('numba.core.types.Integer', 'numba.int32', 'x is numba.int32'),
    ('numba.np.ufunc.dufunc.DUFunc', 'numba.vectorize(lambda a: a + 1)', 'x(np.arange(3)).tolist()'),
)  # fmt: skip
