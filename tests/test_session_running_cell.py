"""Where in the stack the running cell is found, and from where it is refused, in a real kernel."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from session_kernels import Session

HELPERS = """
import sys
from pyteleport_jupyter.session import find_running_cell, current_place
from pyteleport_jupyter.errors import TeleportError
def look():
    cell = find_running_cell(get_ipython(), sys._getframe(1))
    if cell is None: return None
    import ast
    code = [ast.unparse(statement) for statement in cell.statements]
    return dict(top=cell.top.f_code.co_name, root=cell.root.f_code.co_name, statements=code, mode=cell.mode,
                raw=cell.raw_cell, count=cell.execution_count, stored=cell.stores_history)
def refused():
    try: print(find_running_cell(get_ipython(), sys._getframe(1)))
    except TeleportError as error: print(type(error).__name__, error)
def look_from_magic(line):
    return look_further(sys._getframe(1))
def look_further(frame):
    cell = find_running_cell(get_ipython(), frame)
    return cell.top.f_code.co_name, cell.magic_levels
get_ipython().register_magic_function(look_from_magic, 'line', 'look')
def inside(function): return function()
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session(tmp_path_factory.mktemp("session"), hops=False)
    session.run(HELPERS)
    yield session
    session.end()


def result(session: Session, cell: str, **content: Any) -> Any:
    return ast.literal_eval(shown(session, cell, **content)["data"]["text/plain"])


def shown(session: Session, cell: str, **content: Any) -> dict[str, Any]:
    messages = session.run(cell, **content)
    return next(message for kind, message in messages if kind == "execute_result")


def printed(session: Session, cell: str) -> str:
    return "".join(message["text"] for kind, message in session.run(cell) if kind == "stream")


def test_running_statement_and_rest(session: Session) -> None:
    cell = "a = 1\nfor i in [0]:\n    found = look()\nb = 2\nfound"
    found = result(session, cell)
    assert found["statements"] == ["for i in [0]:\n    found = look()", "b = 2", "found"]
    assert (found["top"], found["root"], found["mode"], found["raw"]) == (
        "<module>",
        "<module>",
        "exec",
        cell,
    )


def test_last_expression_is_compiled_in_single_mode(session: Session) -> None:
    found = result(session, "a = 1; inside(look)")
    assert (found["statements"], found["mode"], found["top"], found["root"]) == (
        ["inside(look)"],
        "single",
        "inside",
        "<module>",
    )


def test_several_statements_on_a_line(session: Session) -> None:
    assert result(session, "a = 1; found = look(); c = 3\nfound")["statements"] == [
        "found = look()",
        "c = 3",
        "found",
    ]


def test_decorated_definition(session: Session) -> None:
    cell = "def deco(f):\n    return look()\n@deco\ndef f():\n    pass\nf"
    assert result(session, cell)["statements"][0].startswith("@deco")


def test_magic_frame_is_cut_once(session: Session) -> None:
    assert result(session, "found = %look\nfound") == ("<module>", 1)
    assert result(
        session,
        "get_ipython().run_line_magic('time', 'found = get_ipython().run_line_magic(\"look\", \"\")')\nfound",
    ) == (
        "<module>",
        1,
    )


def test_outermost_cell_is_the_running_one(session: Session) -> None:
    found = result(session, "r = get_ipython().run_cell('look()', silent=True)\nr.result or look()")
    assert found["raw"].startswith("r = get_ipython()")


def test_count_and_history_flag(session: Session) -> None:
    message = shown(session, "look()")
    assert ast.literal_eval(message["data"]["text/plain"])["count"] == message["execution_count"]
    assert printed(session, "print(look()['stored'])").strip() == "True"


def test_async_cell_starts_at_its_coroutine(session: Session) -> None:
    found = result(session, "import asyncio\nawait asyncio.sleep(0)\nawait asyncio.sleep(0, look())")
    assert found["statements"] == ["await asyncio.sleep(0, look())"]


def test_after_the_appended_name_of_last_expr_or_assign(session: Session) -> None:
    session.run("get_ipython().ast_node_interactivity = 'last_expr_or_assign'")
    assert result(session, "found = look()")["statements"] == ["found = look()", "found"]
    session.run("get_ipython().ast_node_interactivity = 'last_expr'")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (
            "import threading\nt = threading.Thread(target=refused, name='mine'); t.start(); t.join()",
            "in the thread mine",
        ),
        (
            "asyncio.get_event_loop().call_soon(refused)\nawait asyncio.sleep(0.01)",
            "in another asyncio task",
        ),
        (
            "def after(result):\n    get_ipython().events.unregister('post_run_cell', after)\n    refused()\n"
            "get_ipython().events.register('post_run_cell', after)",
            "in a callback",
        ),
    ],
)
def test_refused_away_from_the_cells_own_stack(session: Session, cell: str, reason: str) -> None:
    session.run("import asyncio")
    text = printed(session, cell)
    assert text.startswith("NotInCell"), text
    assert reason in text


def test_refused_in_a_subshell(session: Session) -> None:
    client = session.kernel.client
    request = client.session.msg("create_subshell_request", {})
    client.control_channel.send(request)
    subshell = client.get_control_msg(timeout=10)["content"]["subshell_id"]
    request = client.session.msg(
        "execute_request", {"code": "refused()", "silent": False, "store_history": False}
    )
    request["header"]["subshell_id"] = subshell
    client.shell_channel.send(request)
    text = "".join(m["text"] for kind, m in session.follow(request) if kind == "stream")
    assert text.startswith("NotInCell")
    assert "subshell" in text


IDLE = """
import asyncio
from IPython import get_ipython
from pyteleport_jupyter.session import find_running_cell
found = []
def ask(): found.append(find_running_cell(get_ipython()))
def ask_when_idle(): asyncio.get_event_loop().call_soon(ask)
"""


def test_no_cell_at_all(session: Session) -> None:
    """A kernel that is to move between two cells: called by the event loop, with nothing of the user below."""
    (session.directory / "idle.py").write_text(IDLE)
    session.run("import idle; idle.ask_when_idle()")
    while result(session, "len(idle.found)") == 0:
        pass
    assert shown(session, "idle.found")["data"]["text/plain"] == "[None]"
