DISTRIBUTION = "ipywidgets"
MODULE = "ipywidgets"
SETUP = """
import ipywidgets as w
slider = w.IntSlider(3, max=9)
"""
SPECIMENS = (
    ('ipywidgets.IntSlider', 'slider', 'x.value, x.max, x.model_id == slider.model_id', 'x.value = 5'),
    ('ipywidgets.HBox', "w.HBox([slider, w.Label('l')])", 'x.children[0] is slider, x.children[1].value'),
    ('ipywidgets.Dropdown', "w.Dropdown(options=['a', 'b'])", 'x.value, x.index', "x.value = 'b'"),
    ('ipywidgets.Text', "w.Text('t')", 'x.value', "x.value = 'u'"),
    ('ipywidgets.Output', 'w.Output()', 'x.outputs'),
    ('ipywidgets.Layout', "w.Layout(width='3px')", 'x.width', "x.width = '4px'"),
    ('ipywidgets.Tab', 'w.Tab([slider])', 'x.children[0] is slider'),
    ('ipywidgets.interactive', 'w.interactive(lambda a: a, a=3)', 'x.children[0].value, x.kwargs'),
)  # fmt: skip
