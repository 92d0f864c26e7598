DISTRIBUTION = "lightgbm"
MODULE = "lightgbm"
SETUP = """
import lightgbm as l, numpy as np
X = np.random.default_rng(0).random((50, 2)); y = (X[:, 0] > 0.5) * 1
"""
SPECIMENS = (
    ('lightgbm.LGBMClassifier', 'l.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, y)', 'x.predict(X).tolist()'),
    ('lightgbm.Booster', "l.train({'verbose': -1}, l.Dataset(X, y), 2)", 'x.predict(X).round(6).tolist()'),
)  # fmt: skip
