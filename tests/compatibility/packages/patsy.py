DISTRIBUTION = "patsy"
MODULE = "patsy"
SETUP = "import patsy, numpy as np"
SPECIMENS = (
    ('patsy.desc.ModelDesc', "patsy.ModelDesc.from_formula('y ~ x')", 'x', '', 'pickling not yet supported'),
)  # fmt: skip
