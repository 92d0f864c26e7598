DISTRIBUTION = "mpmath"
MODULE = "mpmath"
SETUP = "import mpmath"
SPECIMENS = (
    ('mpmath.ctx_mp_python.mpf', "mpmath.mpf('1.5')", 'x + 1'),
    ('mpmath.matrices.matrices.matrix', 'mpmath.matrix([[1, 2], [3, 4]])', 'mpmath.det(x)', 'x[0, 0] = 9'),
)  # fmt: skip
