DISTRIBUTION = "xgboost-cpu"
MODULE = "xgboost"
SETUP = """
import xgboost as g, numpy as np
X = np.random.default_rng(0).random((50, 2)); y = (X[:, 0] > 0.5) * 1
"""
SPECIMENS = (
    ('xgboost.XGBClassifier', 'g.XGBClassifier(n_estimators=2).fit(X, y)', 'x.predict(X).tolist()'),
    ('xgboost.Booster', 'g.train({}, g.DMatrix(X, y), 2)', 'x.predict(g.DMatrix(X)).round(4).tolist()'),
    ('xgboost.DMatrix', 'g.DMatrix(X, y)', 'x', '', 'cannot be pickled'),
)  # fmt: skip
