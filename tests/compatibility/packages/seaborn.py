DISTRIBUTION = "seaborn"
MODULE = "seaborn"
SETUP = """
import matplotlib; matplotlib.use('agg')
import seaborn as sns, pandas as pd
df = pd.DataFrame({'a': [1, 2, 3], 'b': [1, 4, 9], 'c': list('xyx')})
"""
SPECIMENS = (
    ('seaborn.axisgrid.FacetGrid', "sns.relplot(df, x='a', y='b')", 'len(x.axes.flat), x.figure.axes[0] is x.ax'),
    ('seaborn.axisgrid.JointGrid', "sns.jointplot(df, x='a', y='b')", 'len(x.figure.axes)'),
    ('seaborn.palettes._ColorPalette', "sns.color_palette('deep', 3)", 'x.as_hex()'),
)  # fmt: skip
