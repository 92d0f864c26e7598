"""Loading fails in words, and leaves the namespace as it was."""

from __future__ import annotations

import gc
import sys
import textwrap
import weakref
from types import ModuleType

import pytest
from objects_travel import LIVE, pickled_of

from pyteleport_jupyter import objects
from pyteleport_jupyter.errors import RestoreFailed
from pyteleport_jupyter.objects import whereabouts

pytest_plugins = ["objects_fixtures"]


def load(pickled: objects.Pickled, namespace: dict[str, object] | None = None) -> objects.Loaded:
    anchors = objects.NamespaceAnchors({} if namespace is None else namespace, {"live list": LIVE})
    return objects.load(pickled.stream, [bytearray(buffer) for buffer in pickled.buffers], anchors)


def test_missing_module_is_named(own_main: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickled_of("import colorsys\nx = colorsys.rgb_to_hls")
    monkeypatch.setitem(sys.modules, "colorsys", None)
    with pytest.raises(
        RestoreFailed, match=": colorsys could not be rebuilt: the module colorsys is missing"
    ):
        load(pickled)


def test_missing_definition_is_named(own_main: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pickled = pickled_of("import colorsys\nx = colorsys.rgb_to_hls")
    monkeypatch.setitem(sys.modules, "colorsys", ModuleType("colorsys"))
    with pytest.raises(
        RestoreFailed, match=": x could not be rebuilt: colorsys.rgb_to_hls could not be found"
    ):
        load(pickled)


def test_missing_live_object_only_matters_if_it_is_used(own_main: None) -> None:
    namespace: dict[str, object] = {}
    unused, used = pickled_of("x = 1"), pickled_of("x = 1", live=[LIVE])
    for pickled in (unused, used):
        anchors = objects.NamespaceAnchors(namespace)
        if pickled is unused:
            assert objects.load(pickled.stream, [], anchors).root["namespace"] == {"x": 1}
        else:
            with pytest.raises(RestoreFailed, match="there is no live list there"):
                objects.load(pickled.stream, [], anchors)


def test_namespace_is_left_alone(own_main: None) -> None:
    namespace: dict[str, object] = {"x": "before", "other": 1}
    loaded = load(pickled_of("x = 'after'\ndef f(): return x"), namespace)
    assert namespace == {"x": "before", "other": 1}
    assert loaded.root["namespace"]["x"] == "after"


def test_users_error_while_loading_is_told(own_main: None) -> None:
    pickled = pickled_of(
        """
        class A:
            def __setstate__(self, state): raise OverflowError('too much')
        a = A(); a.x = 1
        """
    )
    with pytest.raises(RestoreFailed, match=r"OverflowError: too much"):
        load(pickled)


FRAGILE = """
        class Fragile:
            def __init__(self, *more): self.more = more
            def __setstate__(self, state): raise OverflowError('too much')
        class Slotted:
            __slots__ = 'a', 'b'
        class Raising:
            def __reduce__(self): return int, ('no number',)
        class Key:
            def __hash__(self): return 1 // len(self.__dict__)
            def __reduce__(self): return Key, ()
        def key():
            key = Key(); key.x = 1
            return key
        """


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("a = 1; fragile = Fragile(); z = 2", "fragile (Fragile)"),
        ("data = {'deep': [1, Slotted()]}; data['deep'][1].b = Fragile()", "data['deep'][1].b (Fragile)"),
        ("data = [Slotted(), Slotted()]; data[1].a = {2: (0, Fragile())}", "data[1].a[2][1] (Fragile)"),
        ("fragile = Fragile(1, 'a', [2.5, Slotted()])", "fragile (Fragile)"),
        ("raising = [Raising()]", "raising[0] (int)"),
        ("several = [Slotted(), [Fragile(Slotted())], Fragile()]", "several[1][0] (Fragile)"),
        ("import types; box = types.SimpleNamespace(inside=types.SimpleNamespace(f=Fragile()))", "box.inside.f (Fragile)"),
        ("keys = {'a': {key(): 1}}", "keys['a']"),
        ("def outer(x):\n    def inner(): return x\n    return inner\nf = outer(Fragile())", "f (inside: Fragile)"),
        ("shared = Fragile(); first = [shared]", "shared (Fragile)"),
    ],
)  # fmt: skip
def test_what_could_not_be_rebuilt_is_named(own_main: None, code: str, path: str) -> None:
    pickled = pickled_of(textwrap.dedent(FRAGILE) + code)
    with pytest.raises(RestoreFailed) as raised:
        load(pickled)
    assert f"{path} could not be rebuilt: " in raised.value.facts["reason"]


def test_of_a_very_large_session_only_the_error_is_told(
    own_main: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whereabouts, "MOST_OPERATIONS", 10)
    pickled = pickled_of(textwrap.dedent(FRAGILE) + "fragile = Fragile()")
    with pytest.raises(RestoreFailed) as raised:
        load(pickled)
    assert raised.value.facts["reason"] == "OverflowError: too much"


@pytest.mark.parametrize("cut", [0, 10, -1])
def test_cut_stream(own_main: None, cut: int) -> None:
    pickled = pickled_of("x = [1, 2]")
    anchors = objects.NamespaceAnchors({}, {"live list": LIVE})
    with pytest.raises(RestoreFailed):
        objects.load(pickled.stream[:cut], [], anchors)


def test_collection_goes_on_afterwards(own_main: None) -> None:
    load(pickled_of("x = 1"))
    assert gc.isenabled()
    gc.disable()
    try:
        load(pickled_of("x = 1"))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_an_exception_that_somebody_keeps_keeps_no_session(own_main: None) -> None:
    """A module that was imported meanwhile, or an object, may keep one with all frames that were under it."""
    kept = """
    import sys
    class Big: pass
    class Keeps:
        def __setstate__(self, state):
            try:
                raise ValueError
            except ValueError as error:
                sys.kept_error = error
    x, y = Keeps(), Big()
    x.a = 1
    z = [y]
    """
    pickled = pickled_of(kept)
    try:
        namespace = objects.load(pickled.stream, pickled.buffers, objects.NamespaceAnchors({})).root[
            "namespace"
        ]
        big = weakref.ref(namespace["y"])
        namespace.clear()
        assert big() is None
    finally:
        vars(sys).pop("kept_error", None)
