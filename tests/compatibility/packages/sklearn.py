DISTRIBUTION = "scikit-learn"
MODULE = "sklearn"
SETUP = """
import numpy as np
from sklearn import *
import sklearn.linear_model as lm, sklearn.ensemble, sklearn.svm, sklearn.pipeline, sklearn.preprocessing as pre, sklearn.cluster, sklearn.decomposition, sklearn.feature_extraction.text as text, sklearn.tree, sklearn.neighbors, sklearn.neural_network, sklearn.model_selection, sklearn.compose
X = np.arange(20.0).reshape(10, 2); y = np.arange(10) % 2
"""
SPECIMENS = (
    ('sklearn.linear_model.LinearRegression', 'lm.LinearRegression().fit(X, y)', 'x.predict(X[:2]).round(6).tolist()', 'x.coef_[0] = 1.0'),
    ('sklearn.linear_model.LogisticRegression', 'lm.LogisticRegression().fit(X, y)', 'x.predict(X).tolist(), x.get_params()', 'x.set_params(C=2.0)'),
    ('sklearn.linear_model.SGDClassifier', 'lm.SGDClassifier(random_state=0).fit(X, y)', 'x.predict(X).tolist()'),
    ('sklearn.ensemble.RandomForestClassifier', 'sklearn.ensemble.RandomForestClassifier(3, random_state=0).fit(X, y)', 'x.predict_proba(X).tolist()'),
    ('sklearn.ensemble.GradientBoostingRegressor', 'sklearn.ensemble.GradientBoostingRegressor(n_estimators=3).fit(X, y)', 'x.predict(X).round(6).tolist()'),
    ('sklearn.ensemble.HistGradientBoostingClassifier', 'sklearn.ensemble.HistGradientBoostingClassifier(max_iter=2).fit(X, y)', 'x.predict(X).tolist()'),
    ('sklearn.svm.SVC', 'sklearn.svm.SVC().fit(X, y)', 'x.predict(X).tolist()'),
    ('sklearn.tree.DecisionTreeClassifier', 'sklearn.tree.DecisionTreeClassifier().fit(X, y)', 'x.predict(X).tolist(), x.get_depth()'),
    ('sklearn.neighbors.KNeighborsClassifier', 'sklearn.neighbors.KNeighborsClassifier(3).fit(X, y)', 'x.predict(X).tolist()'),
    ('sklearn.neural_network.MLPClassifier', 'sklearn.neural_network.MLPClassifier((3,), max_iter=2, random_state=0).fit(X, y)', 'x.predict(X).tolist()', 'x.partial_fit(X, y); x.coefs_[0][0, 0] = 8'),
    ('sklearn.pipeline.Pipeline', 'sklearn.pipeline.make_pipeline(pre.StandardScaler(), lm.Ridge()).fit(X, y)', 'x.predict(X).round(6).tolist(), [n for n, _ in x.steps]'),
    ('sklearn.preprocessing.StandardScaler', 'pre.StandardScaler().fit(X)', 'x.transform(X).round(6).tolist()', 'x.mean_[0] = 5'),
    ('sklearn.preprocessing.OneHotEncoder', 'pre.OneHotEncoder().fit(y[:, None])', 'x.transform(y[:, None]).toarray().tolist()'),
    ('sklearn.preprocessing.FunctionTransformer', 'pre.FunctionTransformer(lambda v: v + 1)', 'x.transform(X).tolist()'),
    ('sklearn.cluster.KMeans', 'sklearn.cluster.KMeans(2, n_init=1, random_state=0).fit(X)', 'x.predict(X).tolist()'),
    ('sklearn.decomposition.PCA', 'sklearn.decomposition.PCA(1).fit(X)', 'x.transform(X).round(6).tolist()'),
    ('sklearn.feature_extraction.text.TfidfVectorizer', "text.TfidfVectorizer().fit(['a cat', 'a dog'])", "x.transform(['cat cat']).toarray().round(6).tolist()"),
    ('sklearn.model_selection.GridSearchCV', "sklearn.model_selection.GridSearchCV(lm.Ridge(), {'alpha': [1, 2]}, cv=2).fit(X, y)", 'x.best_params_, x.predict(X).round(6).tolist()'),
    ('sklearn.utils.Bunch', 'sklearn.utils.Bunch(a=1)', 'x.a, dict(x)', 'x.b = 2'),
)  # fmt: skip
