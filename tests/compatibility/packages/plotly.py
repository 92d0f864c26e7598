DISTRIBUTION = "plotly"
MODULE = "plotly"
SETUP = "import plotly.graph_objects as go, plotly.express as px"
SPECIMENS = (
    ('plotly.graph_objects.Figure', 'go.Figure(go.Scatter(y=[1, 2]))', "__import__('json').dumps(__import__('json').loads(x.to_json()), sort_keys=True)", 'x.add_bar(y=[3])'),
    ('plotly.graph_objects.Scatter', 'go.Scatter(y=[1, 2])', 'sorted(x.to_plotly_json().items(), key=str)', "x.name = 'n'"),
    ('plotly.graph_objects.Layout', "go.Layout(title='t')", 'sorted(x.to_plotly_json().items(), key=str)', 'x.width = 50'),
)  # fmt: skip
