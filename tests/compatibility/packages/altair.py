DISTRIBUTION = "altair"
MODULE = "altair"
SETUP = """
import altair as alt, pandas as pd
df = pd.DataFrame({'a': [1, 2], 'b': [3, 4]})
"""
SPECIMENS = (
    ('altair.Chart', "alt.Chart(df).mark_line().encode(x='a', y='b')", 'x.to_json()', "x.title = 't'"),
    ('altair.LayerChart', "alt.Chart(df).mark_line().encode(x='a') + alt.Chart(df).mark_point().encode(x='a')", 'x.to_json()'),
    ('altair.X', "alt.X('a:Q')", 'x.to_dict()'),
)  # fmt: skip
