"""Which names a cell needs, which kernels are kept, what of it is put here."""

from __future__ import annotations

import ast
import asyncio
import pickle
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.error import UsageError

from pyteleport_jupyter.errands import handle, here, kept, road
from pyteleport_jupyter.errands.arrival import Arrived, Before
from pyteleport_jupyter.errands.errand import Errand, Wish
from pyteleport_jupyter.errands.line import Heard, Request
from pyteleport_jupyter.errands.luggage import Surroundings
from pyteleport_jupyter.errands.needs import names_of_functions, names_read, needed
from pyteleport_jupyter.errands.talk import _Pieces
from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.objects import NamespaceAnchors, dump
from pyteleport_jupyter.objects.changes import Changes
from pyteleport_jupyter.remote.errand_homeward import Homebound, is_users
from pyteleport_jupyter.remote.errand_messages import FETCH, REPACK
from pyteleport_jupyter.remote.errand_stops import Stops
from pyteleport_jupyter.remote.errands import Errands
from pyteleport_jupyter.wire.lanes import Lane


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("x + y", {"x", "y"}),
        ("x = 1\nx + y", {"y"}),
        ("x += 1", {"x"}),
        ("del x", {"x"}),
        ("if c:\n    x = 1\nx", {"c", "x"}),
        ("def f(a=d): return a + g", {"d", "g"}),
        ("def f():\n    x = 1\n    def inner(): return x + g\n    return inner", {"g"}),
        ("[i * k for i in seq if p(i)]", {"k", "seq", "p"}),
        ("f'{x!r:>{width}}'", {"x", "width"}),
        ("lambda a: a + g", {"g"}),
        ("class C(B):\n    k = base\n    def m(self): return g", {"B", "base", "g"}),
        ("await coroutine()", {"coroutine"}),
        ("import m\nm.x", set()),
        ("this is no python", set()),
    ],
)
def test_names_read(cell: str, names: set[str]) -> None:
    read, mentioned = names_read(cell, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert {name for name in read if not name.startswith("__")} == names
    assert mentioned == set()


def test_words_in_the_text_of_a_magic_are_guesses() -> None:
    read, mentioned = names_read("get_ipython().run_line_magic('timeit', '-n 1 work(data)')")
    assert mentioned == {"n", "work", "data"}
    assert read == {"get_ipython", *mentioned}


def notebook() -> dict[str, Any]:
    """A namespace in which functions need each other."""
    source = """
def outer(): return inner() + LIMIT
def inner(): return len(data)
class Base:
    def method(self): return helper
class Derived(Base): pass
helper = LIMIT = 1; data = []; other = 2; functions = [outer]
"""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace


def test_functions_and_classes_are_followed() -> None:
    namespace = notebook()
    assert needed(["outer"], namespace, []).keys() == {"outer", "inner", "LIMIT", "data"}
    assert needed(["Derived"], namespace, []).keys() == {"Derived", "helper"}
    assert needed(["outer", "absent", "len"], namespace, ["data"]).keys() == {"outer", "inner", "LIMIT"}
    assert names_of_functions(namespace["functions"], namespace) == {"inner", "LIMIT"}


def test_a_builtin_that_the_user_has_hidden_is_a_variable() -> None:
    assert needed(["len"], {"len": 5}, []) == {"len": 5}


class StandInLine:
    """A line that only knows whether it was ended."""

    over: str | None = None

    def end(self) -> None:
        """It is ended."""
        self.over = "ended"


@pytest.fixture
def no_kernels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(kept, "_kept", {})
    monkeypatch.setattr(kept, "when_leaving", lambda act: None)
    monkeypatch.setattr(kept, "KEPT_LIMIT", 2)
    yield
    kept.end_all()


def a_kernel() -> Any:
    line: Any = StandInLine()
    return kept.Kept(line, SimpleNamespace())  # type: ignore[arg-type]


def key(name: str) -> kept.Key:
    return name, None, "", None


def an_errand(kernel: Any, **wish: Any) -> Errand:
    """One whose cell is over."""
    report = SimpleNamespace(failed=lambda ran: None, say=lambda *args: None)
    target = SimpleNamespace(text="host", host="host")
    shell = SimpleNamespace(user_ns={})
    errand = Errand(shell, target, Wish("", **wish), report, lambda *args: "")  # type: ignore[arg-type]
    errand._kept = kernel
    return errand


@pytest.mark.usefixtures("no_kernels")
def test_only_a_kernel_that_runs_no_cell_has_to_go_for_another() -> None:
    busy, free, new = a_kernel(), a_kernel(), a_kernel()
    busy.turn.acquire()
    for name, kernel in (("busy", busy), ("free", free), ("new", new)):
        kept.keep(key(name), kernel)
    assert (busy.alive, free.alive, new.alive) == (True, False, True)
    assert kept.find(key("busy")) is busy


@pytest.mark.usefixtures("no_kernels")
def test_who_lets_a_kernel_go_leaves_the_next_one_under_that_key() -> None:
    old, new = a_kernel(), a_kernel()
    kept.keep(key("host"), new)
    kept.let_go(key("host"), old)
    assert (old.alive, kept.find(key("host"))) == (False, new)


@pytest.mark.usefixtures("no_kernels")
@pytest.mark.parametrize("busy", [False, True])
def test_a_kernel_not_to_be_kept_ends_when_nothing_came_back_but_not_in_the_cell_of_another(
    busy: bool,
) -> None:
    kernel = a_kernel()
    kept.keep(here_key := kept.key_of("host", Wish("").options), kernel)
    if busy:
        kernel.turn.acquire()
    errand = an_errand(kernel, keep_kernel=False)
    errand.abandon(KeyboardInterrupt())
    errand.settle()
    assert kernel.alive is busy is kernel.turn.locked()
    assert (kept.find(here_key) is kernel) is busy


def test_a_cell_for_too_many_hosts() -> None:
    hosts = [f"host{number}" for number in range(here.HOSTS_LIMIT + 1)]
    with pytest.raises(UsageError, match="at most"):
        here.run_in_background(None, hosts, Wish(""))


def arrived_with(**fields: Any) -> Arrived:
    empty: dict[str, Any] = {
        "namespace": {}, "deleted": [], "changed": [], "result": (), "error": None, "facts": {},
    }  # fmt: skip
    return Arrived(**{**empty, **fields})


def test_a_conflict_shows_what_it_was_there_and_leaves_alone_what_is_here() -> None:
    class Here:
        tally = 1

    numbers, stubborn = [1], Uncopied()
    changed = [
        (Here, "class", ("tally", 2)), (numbers, "list", (1, 2)), (stubborn, "attributes", ("inner", 2)),
    ]  # fmt: skip
    sent = {"Here": Here, "numbers": numbers, "stubborn": stubborn}
    arrived = arrived_with(changed=changed, sent=sent)
    assert handle._value(arrived, "Here") is Here
    assert Here.tally == 1
    assert (handle._value(arrived, "numbers"), numbers) == ([1, 2], [1])
    assert handle._value(arrived, "stubborn") is stubborn


class Uncopied:
    """What cannot be copied."""

    def __copy__(self) -> Any:
        raise RuntimeError("there is only one")


def test_a_variable_that_was_bound_anew_meanwhile_is_a_conflict() -> None:
    numbers = [1]
    arrived = arrived_with(changed=[(numbers, "list", (1, 2))], owners={id(numbers): "numbers"})
    watch: Any = SimpleNamespace(changes=lambda: Changes())
    before = Before(SimpleNamespace(own=()), watch, {"numbers": numbers})  # type: ignore[arg-type]
    assert list(before.changed_meanwhile(SimpleNamespace(user_ns={"numbers": numbers}), arrived)) == []
    assert list(before.changed_meanwhile(SimpleNamespace(user_ns={"numbers": 5}), arrived)) == ["numbers"]


class StopsHalfway:
    """What came back, while the user presses Stop."""

    error = None

    def __init__(self) -> None:
        self.applied = False

    def apply(self, shell: Any, left_alone: Any) -> list[str]:
        """Stop comes before the last object."""
        signal.raise_signal(signal.SIGINT)
        self.applied = True
        return []


def test_stop_waits_until_what_came_back_is_here() -> None:
    errand, arrived = an_errand(a_kernel()), StopsHalfway()
    errand.arrived = arrived  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        errand.settle()
    assert arrived.applied


class StandInKernel:
    """Keeps the contents of replies."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.session = self

    def send(self, stream: Any, kind: str, content: dict[str, Any], *args: Any, **more: Any) -> None:
        self.said.append(content)


@pytest.mark.parametrize("kind", [FETCH, REPACK])
def test_there_is_a_reply_whatever_happens_on_the_way_back(kind: str) -> None:
    kernel = StandInKernel()
    parent = {"header": {"msg_type": kind}, "buffers": [], "content": {"without": None}}
    errands = Errands(kernel, Stops(lambda: None))
    errands._homeward = SimpleNamespace(pack=lambda without: 1 / 0)  # type: ignore[assignment]
    asyncio.run(errands.handlers()[kind](None, None, parent))
    assert kernel.said[0]["status"] == "failed"


def test_a_late_stop_does_not_cost_the_reply() -> None:
    def pack(without: Any) -> Homebound:
        signal.raise_signal(signal.SIGINT)
        return Homebound((), {})

    kernel = StandInKernel()
    errands = Errands(kernel, Stops(lambda: None))
    errands._homeward = SimpleNamespace(pack=pack)  # type: ignore[assignment]
    parent = {"header": {"msg_type": REPACK}, "buffers": [], "content": {"without": []}}
    # Without a loop of asyncio, which handles SIGINT itself.
    with pytest.raises(StopIteration):
        errands.handlers()[REPACK](None, None, parent).send(None)
    assert kernel.said == [{"status": "ok"}]


def test_a_failure_in_the_middle_of_what_comes_back_ends_it() -> None:
    content = TeleportError(reason="broken").as_record()
    failed = Heard(Lane.SHELL, {"content": {"status": "failed", **content}, "buffers": []}, 0)

    def request(kind: str, content: Any, buffers: Any = ()) -> Request:
        asked = Request("1")
        asked.events.put(failed)
        return asked

    nothing = lambda event: None  # noqa: E731
    line: Any = SimpleNamespace(request=request, host="host", read=nothing, done=nothing)
    with pytest.raises(TeleportError, match="broken"):
        _Pieces(line, b"").read_into(memoryview(bytearray(1)))


def test_what_a_cell_may_have_changed_there_is_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = dict.fromkeys(("directory", "environment", "interpreter", "flags"), 1)
    surroundings = Surroundings()
    monkeypatch.setattr(surroundings, "_captured", lambda shell, cell: dict(now))
    assert pickle.loads(surroundings.news(None, "")) == now
    assert pickle.loads(surroundings.news(None, "")).keys() == now.keys() - {"flags"}


@pytest.mark.parametrize(
    ("name", "users"), [("__secret", True), ("__name__", False), ("_", False), ("__", False), ("_i3", False)]
)
def test_names_with_underscores(name: str, users: bool) -> None:
    assert is_users(name) is users


class Listening:
    """A far side that answers, and from ``commit`` on may say anything at any time."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def ship(self, consignment: object) -> None: ...

    def command(self, op: str) -> None:
        self.heard.append(op)

    def wait_for(self, op: str, deadline: float, stage: str) -> None:
        assert "commit" not in self.heard, f"what the kernel says would be no {op}"


def test_nobody_waits_for_a_word_among_what_the_kernel_says() -> None:
    far: Any = Listening()
    road._commit(far, dump({"stack": None, "namespace": {}, "items": {}}, NamespaceAnchors({}), {}))
    assert far.heard == ["prepare", "hold", "commit"]
