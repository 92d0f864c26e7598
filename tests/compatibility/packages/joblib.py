DISTRIBUTION = "joblib"
MODULE = "joblib"
SETUP = "import joblib"
SPECIMENS = (
    ('joblib.memory.Memory', 'joblib.Memory(None)', 'x.location'),
    ('joblib.parallel.Parallel', 'joblib.Parallel(n_jobs=1)', 'x(joblib.delayed(abs)(v) for v in [-1])'),
    ('builtins.tuple', 'joblib.delayed(abs)(-1)', 'x'),
)  # fmt: skip
