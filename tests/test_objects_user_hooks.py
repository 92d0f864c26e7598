"""What users add: reducers by type and by method, and callbacks around a move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from objects_travel import Far, main_of, pickled_of, session_of

import pyteleport_jupyter
from pyteleport_jupyter import objects, user_hooks
from pyteleport_jupyter.errors import HookFailed, ObjectsRefused
from pyteleport_jupyter.objects import table, user_reducers
from pyteleport_jupyter.objects.reducers import fill_table

pytest_plugins = ["objects_fixtures"]
Move = Callable[..., Far]


@pytest.fixture(autouse=True)
def own_hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    fill_table()
    monkeypatch.setattr(table, "_rows", dict(table._rows))
    monkeypatch.setattr(user_reducers, "_registered", {})
    yield
    user_hooks._before_leaving.clear()
    user_hooks._after_arriving.clear()


CLASS = """
from pyteleport_jupyter import reduces
class Camera:
    def __init__(self, port): self.port, self.handle = port, __import__('threading').Thread()
"""


def test_reducer_by_type(move: Move) -> None:
    far = move(
        CLASS
        + "@reduces(Camera)\ndef carry(camera): return Camera, (camera.port,)\nx = [Camera(7)]; x.append(x[0])"
    )
    assert far("(x[0].port, x[0] is x[1], type(x[0].handle).__name__)") == "(7, True, 'Thread')"


def test_reducer_for_subclasses_and_by_name(move: Move) -> None:
    far = move(
        CLASS
        + "class Better(Camera): pass\n@reduces(Camera, 'uuid.UUID', subclasses=True)\ndef carry(c, reduction): return str, ('carried',)\nimport uuid\nx, y = Better(1), uuid.uuid4()"
    )
    assert far("(x, y)") == "('carried', 'carried')"


def test_reducer_as_a_method(move: Move) -> None:
    far = move(
        CLASS + "class Own(Camera):\n    def __teleport_reduce__(self): return Own, (self.port,)\nx = Own(3)"
    )
    assert far("(x.port, type(x).__name__)") == "(3, 'Own')"


def test_reducers_travel_themselves(own_main: None, far_process: Far) -> None:
    main = main_of(
        CLASS + "@reduces(Camera)\ndef carry(camera): return Camera, (camera.port,)\nx = Camera(7)"
    )
    items = {"user hooks": user_hooks.capture()}
    far_process.load(objects.dump(session_of(main, **items), objects.NamespaceAnchors(main), {}))
    code = "(__import__('pyteleport_jupyter.user_hooks').user_hooks.restore(items['user hooks']), __import__('pyteleport_jupyter').objects.table.reducer_for(Camera).function is carry)"
    assert far_process(code) == "(None, True)"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("raise OSError('no such port')", "failed: OSError: no such port"),
        ("return 3", "returned 3, not a tuple of a callable and its arguments"),
        ("return (Camera,)", r"returned \(.*, not a tuple of a callable and its arguments"),
        ("return 'no', ('such',)", "returned 'no' as what makes the object, which cannot be called"),
        ("return Camera, 7", "returned 7 as arguments, not a tuple"),
    ],
)
def test_reducer_that_raises_or_lies(own_main: None, body: str, reason: str) -> None:
    with pytest.raises(ObjectsRefused, match=rf"x\[0\]: Camera, its reducer carry {reason}"):
        pickled_of(CLASS + f"@reduces(Camera)\ndef carry(camera): {body}\nx = [Camera(7)]")
    with pytest.raises(ObjectsRefused, match=f"x: Own, its reducer Own.__teleport_reduce__ {reason}"):
        pickled_of(CLASS + f"class Own(Camera):\n    def __teleport_reduce__(self): {body}\nx = Own(7)")


def test_wrong_types_are_told_at_once() -> None:
    with pytest.raises(TypeError, match="say the types"):
        pyteleport_jupyter.reduces(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a function without arguments is wanted"):
        pyteleport_jupyter.before_leave(3)


def test_callbacks_around_a_move() -> None:
    said: list[str] = []
    pyteleport_jupyter.before_leave(lambda: said.append("leaving"))
    pyteleport_jupyter.after_arrive(lambda: said.append("arrived"))
    with user_hooks.leaving():
        said.append("under way")
    user_hooks.arrived()
    assert said == ["leaving", "under way", "arrived"]


def test_a_move_that_fails_is_undone_in_reverse() -> None:
    said: list[str] = []

    def leave(name: str) -> Callable[[], object]:
        return lambda: lambda: said.append(name)

    for name in ("first", "second"):
        pyteleport_jupyter.before_leave(leave(name))
    with pytest.raises(OSError, match="broken"), user_hooks.leaving():
        raise OSError("broken")
    assert said == ["second", "first"]


def test_callback_that_raises_before_the_move() -> None:
    undone: list[int] = []

    @pyteleport_jupyter.before_leave
    def fine() -> object:
        return lambda: undone.append(1)

    @pyteleport_jupyter.before_leave
    def close_database() -> None:
        raise OSError("still busy")

    with (
        pytest.raises(HookFailed, match="close_database, .* failed: OSError: still busy"),
        user_hooks.leaving(),
    ):
        raise AssertionError("nothing may be sent")
    assert undone == [1]
    user_hooks.forget(close_database)
    with user_hooks.leaving():
        pass


def test_callback_that_raises_after_the_move(capsys: pytest.CaptureFixture[str]) -> None:
    done: list[int] = []

    @pyteleport_jupyter.after_arrive
    def open_database() -> None:
        raise OSError("gone")

    pyteleport_jupyter.after_arrive(lambda: done.append(1))
    user_hooks.arrived()
    assert "open_database failed: OSError: gone" in capsys.readouterr().err
    assert done == [1]


def test_registered_once(capsys: Any) -> None:
    def callback() -> None:
        print("called")

    for _ in range(2):
        pyteleport_jupyter.after_arrive(callback)
    user_hooks.arrived()
    assert capsys.readouterr().out == "called\n"
