DISTRIBUTION = "sparse"
MODULE = "sparse"
SETUP = "import sparse, numpy as np"
SPECIMENS = (
    ('sparse.COO', 'sparse.COO(np.eye(2))', 'x.todense().tolist()'),
    ('sparse.GCXS', 'sparse.GCXS(np.eye(2))', 'x.todense().tolist()'),
)  # fmt: skip
