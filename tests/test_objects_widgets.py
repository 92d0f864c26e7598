"""ipywidgets keep their model ids, their observers and their comms."""

from __future__ import annotations

from collections.abc import Callable

from objects_travel import Far

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]

SOURCE = """
import ipywidgets as w
from ipywidgets.widgets.widget import _instances
log = []
def changed(change): log.append(change['new'])
class Holder:
    def clicked(self, button): log.append(self)
holder = Holder()
slider = w.IntSlider(value=3, max=20, description='n')
slider.observe(changed, 'value')
text = w.Text()
link = w.link((slider, 'value'), (bar := w.IntProgress(max=20), 'value'))
button = w.Button(); button.on_click(holder.clicked)
box = w.HBox([slider, text])
closed = w.Label('gone'); closed.close()
out = w.Output()
ids = [x.model_id for x in (slider, text, box, slider.layout)]
def update(widget, **state):
    widget.comm.handle_msg({'content': {'data': {'method': 'update', 'state': state, 'buffer_paths': []}}, 'buffers': []})
"""


def test_same_models(move: Move) -> None:
    far = move(SOURCE)
    assert far("[x.model_id for x in (slider, text, box, slider.layout)] == ids") == "True"
    assert far("[x.comm.comm_id for x in (slider, text, box, slider.layout)] == ids") == "True"
    assert far("all(_instances[x] is y for x, y in zip(ids, (slider, text, box, slider.layout)))") == "True"
    assert far(
        "(box.children[0] is slider, slider.value, slider.description, bar.value, closed.value, closed.comm)"
    ) == ("(True, 3, 'n', 3, 'gone', None)")


def test_observers_and_messages_of_the_front_end(move: Move) -> None:
    far = move(SOURCE)
    assert far("(update(slider, value=7), slider.value, log, bar.value)") == "(None, 7, [7], 7)"
    assert far("(setattr(slider, 'value', 30), slider.value, log)") == "(None, 20, [7, 20])"
    assert far("(button.click(), log[-1] is holder)") == "(None, True)"
    assert (
        far("(slider.unobserve(changed, 'value'), setattr(slider, 'value', 1), log[:-1])")
        == "(None, None, [7, 20])"
    )


def test_users_widget_class(move: Move) -> None:
    far = move(
        """
        import ipywidgets as w, traitlets as t
        class Mine(w.IntText):
            extra = t.List([1])
            seen = t.Any()
            @t.observe('value')
            def _changed(self, change): self.seen = change['new']
            @t.validate('extra')
            def _check(self, proposal): return proposal['value'] + [0]
        m = Mine(); m.extra = [2]
        """
    )
    assert far("(setattr(m, 'value', 5), m.seen, m.extra, setattr(m, 'extra', [3]), m.extra)") == (
        "(None, 5, [2, 0], None, [3, 0])"
    )


def test_traits_of_the_user(move: Move) -> None:
    far = move(
        """
        import traitlets as t
        class C(t.HasTraits):
            x = t.Int(1)
            y = t.Unicode().tag(sync=True)
            @t.default('y')
            def _y(self): return 'made'
        c = C(x=4)
        log = []
        c.observe(lambda change: log.append(change['new']), 'x')
        """
    )
    assert (
        far("(c.x, c.y, setattr(c, 'x', 5), log, C().x, C.x.default_value)") == "(4, 'made', None, [5], 1, 1)"
    )
