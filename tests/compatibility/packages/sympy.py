DISTRIBUTION = "sympy"
MODULE = "sympy"
SETUP = """
import sympy as s
a, b = s.symbols('a b')
f = s.Function('f')
"""
SPECIMENS = (
    ('sympy.core.symbol.Symbol', 'a', "x, x is s.Symbol('a'), x.assumptions0"),
    ('sympy.core.add.Add', 's.sin(a) + b ** 2', 'x.diff(b), x.subs(a, 0)'),
    ('sympy.matrices.dense.MutableDenseMatrix', 's.Matrix([[a, 1], [0, b]])', 'x.det()', 'x[0, 0] = 3'),
    ('sympy.polys.polytools.Poly', 's.Poly(a ** 2 + 1, a)', 'x.degree(), x.all_coeffs()'),
    ('sympy.integrals.integrals.Integral', 's.Integral(s.exp(a), a)', 'x.doit()'),
    ('sympy.core.numbers.Rational', 's.Rational(1, 3)', 'x + 1'),
    ('sympy.core.relational.Equality', 's.Eq(a, 2)', 's.solve(x)'),
    ('sympy.sets.sets.Interval', 's.Interval(0, 1)', '0.5 in x'),
    ('sympy.function', 's.lambdify(a, s.sin(a) ** 2)', 'x(3)'),
    ('sympy.core.symbol.Dummy', "s.Dummy('d')", 'x.name, x == x'),
    ('sympy.f', 'f(a)', 'x, x.func == f'),
)  # fmt: skip
