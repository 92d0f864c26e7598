DISTRIBUTION = "statsmodels"
MODULE = "statsmodels"
SETUP = """
import statsmodels.api as sm, numpy as np
X = sm.add_constant(np.arange(10.0)); y = np.arange(10.0) * 2 + np.sin(np.arange(10))
"""
SPECIMENS = (
    ('statsmodels.regression.linear_model.OLS', 'sm.OLS(y, X)', 'x.fit().params.round(6).tolist()'),
    ('statsmodels.regression.linear_model.RegressionResultsWrapper', 'sm.OLS(y, X).fit()', 'x.params.round(6).tolist(), round(x.rsquared, 6)'),
    ('statsmodels.genmod.generalized_linear_model.GLMResultsWrapper', 'sm.GLM(y, X).fit()', 'x.params.round(4).tolist()'),
)  # fmt: skip
