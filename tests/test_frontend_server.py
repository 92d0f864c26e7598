"""A running jupyter_server on one host: notebooks over REST and websockets while the kernel moves away."""

from __future__ import annotations

import itertools
import json
import secrets
import shutil
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websocket
from frontends import (
    AFTER,
    ARRIVED,
    LOOP,
    ROWS,
    SETUP,
    eventually,
    hosts_by_row,
    pids_by_host,
    plain,
    stream_text,
)
from lab import Host, Lab

SERVER_PORTS = itertools.count(18888)
START_SECONDS = 60.0
SECONDS = 60.0
V1 = "v1.kernel.websocket.jupyter.org"

Message = dict[str, Any]


class Server:
    """jupyter_server on a host, as its user."""

    def __init__(self, lab: Lab, host: Host) -> None:
        """Start it and wait until it answers."""
        self.folder = f"{host.home}/server"
        self.address = f"{host.ip}:{next(SERVER_PORTS)}"
        self._token = secrets.token_hex(16)
        ip, _, port = self.address.partition(":")
        # The token is passed as a test may: nobody else is on the host.
        argv = [
            *("env", f"JUPYTER_TOKEN={self._token}"),
            *(f"JUPYTER_{kind}_DIR={self.folder}/{kind.lower()}" for kind in ("CONFIG", "DATA", "RUNTIME")),
            *(host.python, "-m", "jupyter_server", f"--ServerApp.ip={ip}", f"--ServerApp.port={port}"),
            *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={host.home}", "--no-browser"),
        ]
        self._process = lab.popen_inside(host, argv)
        self._outside = host.outside(self.folder)
        assert eventually(self._answers, START_SECONDS), "no jupyter_server"

    def _answers(self) -> bool:
        assert self._process.poll() is None, "jupyter_server has ended"
        try:
            self.rest("GET", "status")
        except OSError:
            return False
        return True

    @property
    def headers(self) -> dict[str, str]:
        """What shows that we may."""
        return {"Authorization": f"token {self._token}"}

    def rest(self, method: str, path: str, body: Any = None) -> Any:
        """Call the REST API; its answer, None if it is empty."""
        request = urllib.request.Request(
            f"http://{self.address}/api/{path}",
            method=method,
            headers=self.headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def close(self) -> None:
        """Ask it to end, and remove its folder."""
        self.rest("POST", "shutdown")
        self._process.wait(SECONDS)
        shutil.rmtree(self._outside)


class Tab:
    """A browser tab: a websocket to a kernel, and all that it has received."""

    def __init__(self, server: Server, kernel: str, protocol: str | None = None) -> None:
        """``protocol``: the websocket sub-protocol, None for the older one (whole messages in JSON)."""
        self.session = uuid.uuid4().hex
        self.received: list[Message] = []
        self.is_v1 = protocol == V1
        self._socket = websocket.create_connection(
            f"ws://{server.address}/api/kernels/{kernel}/channels?session_id={self.session}",
            header=server.headers,
            timeout=SECONDS,
            subprotocols=[protocol] if protocol else None,
        )

    def send(self, kind: str, content: Message, channel: str = "shell", parent: Message | None = None) -> str:
        """Send a request, return its message id."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": "alice",
            "version": "5.3",
            "date": "2025-01-01T00:00:00Z",
        }
        message = {"header": header, "parent_header": parent or {}, "metadata": {}, "content": content}
        if self.is_v1:
            self._socket.send_binary(pack(channel, message))
        else:
            self._socket.send(json.dumps({**message, "channel": channel, "buffers": []}))
        return header["msg_id"]

    def run(self, code: str, allow_stdin: bool = True) -> str:
        """Send an execute_request as notebooks do."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": allow_stdin,
            "stop_on_error": True,
        }
        return self.send("execute_request", content)

    def wait_for(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message (received before or from now on) that is ``wanted``."""
        for message in self.received:
            if wanted(message):
                return message
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            frame = self._socket.recv()
            message = unpack(frame) if isinstance(frame, bytes) and self.is_v1 else json.loads(frame)
            self.received.append(message)
            if wanted(message):
                return message
        raise TimeoutError

    def finish(self, request: str) -> Message:
        """Wait for reply and idle of a request; the reply's content."""
        self.wait_for(lambda m: belongs(m, request) and m["content"].get("execution_state") == "idle")
        return dict(self.wait_for(lambda m: belongs(m, request) and is_reply(m))["content"])

    def see_idle(self, request: str) -> None:
        """Wait for idle of a request that may be another tab's."""
        self.wait_for(lambda m: belongs(m, request) and m["content"].get("execution_state") == "idle")

    def output(self, request: str) -> list[Message]:
        """Contents of the iopub messages of a request, without states."""
        return [
            m["content"]
            for m in self.received
            if belongs(m, request) and m["channel"] == "iopub" and m["header"]["msg_type"] != "status"
        ]

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()


def belongs(message: Message, request: str) -> bool:
    """Whether it answers that request."""
    return bool(message["parent_header"].get("msg_id") == request)


def is_reply(message: Message) -> bool:
    """Whether it came on the shell or control channel."""
    return message["channel"] in ("shell", "control")


def pack(channel: str, message: Message) -> bytes:
    """The v1 sub-protocol (jupyter_server's documentation, websocket-protocols.html): offsets, then parts."""
    names = ("header", "parent_header", "metadata", "content")
    parts = [channel.encode(), *(json.dumps(message[name]).encode() for name in names)]
    first = 8 * (len(parts) + 2)
    offsets = list(itertools.accumulate((len(part) for part in parts), initial=first))
    return b"".join(number.to_bytes(8, "little") for number in (len(offsets), *offsets)) + b"".join(parts)


def unpack(frame: bytes) -> Message:
    """See :func:`pack`."""
    numbers = [int.from_bytes(frame[at : at + 8], "little") for at in range(0, len(frame), 8)][: frame[0] + 1]
    channel, *parts = (frame[start:end] for start, end in itertools.pairwise(numbers[1:]))
    names = ("header", "parent_header", "metadata", "content")
    message: Message = {name: json.loads(part) for name, part in zip(names, parts[:4], strict=True)}
    return {**message, "channel": channel.decode(), "buffers": parts[4:]}


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[Server]:
    """A server on host A; when it has ended, both hosts are as before."""
    lab.need_own_systems()
    host_a, host_b = lab.host("workbench"), lab.host("cartesius")
    with lab.nothing_left_on(host_a, host_b):
        server = Server(lab, host_a)
        yield server
        server.close()


class Notebook:
    """A kernel of the server, and its tabs."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.kernel: str = server.rest("POST", "kernels", {"name": "python3"})["id"]
        self.tabs: list[Tab] = []

    def open_tab(self, protocol: str | None = None) -> Tab:
        """Open another tab and wait until the kernel answers it."""
        self.tabs.append(Tab(self.server, self.kernel, protocol))
        self.tabs[-1].finish(self.tabs[-1].send("kernel_info_request", {}))
        return self.tabs[-1]

    def model(self) -> Message:
        """What the server says about the kernel."""
        return dict(self.server.rest("GET", f"kernels/{self.kernel}"))

    def close(self) -> None:
        """Close the tabs and delete the kernel, if it is still there."""
        for tab in self.tabs:
            tab.close()
        if self.kernel in [model["id"] for model in self.server.rest("GET", "kernels")]:
            self.server.rest("DELETE", f"kernels/{self.kernel}")


@pytest.fixture(params=[V1, None], ids=["v1", "json"], scope="module")
def moved(request: pytest.FixtureRequest, lab: Lab, server: Server) -> Iterator[Moved]:
    """A notebook with two tabs after "Run All": five cells were queued, the second has moved the session."""
    host_a, host_b = lab.host("workbench"), lab.host("cartesius")
    with lab.nothing_left_on(host_a, host_b):
        notebook = Notebook(server)
        yield Moved(notebook, request.param)
        notebook.close()


class Moved:
    """See the fixture ``moved``."""

    def __init__(self, notebook: Notebook, protocol: str | None) -> None:
        self.notebook = notebook
        self.first = notebook.open_tab(protocol)
        self.second = notebook.open_tab()
        sources = (SETUP, LOOP, AFTER, "[n * n for n in range(4)]", "print(where()[0], 'last')")
        self.cells = [self.first.run(source) for source in sources]
        self.replies = [self.first.finish(cell) for cell in self.cells]
        for cell in self.cells:
            self.second.see_idle(cell)


def result(outputs: list[Message]) -> str:
    """text/plain of the Out among ``outputs``."""
    (found,) = (output for output in outputs if "data" in output and "execution_count" in output)
    return str(found["data"]["text/plain"])


def test_run_all(moved: Moved) -> None:
    assert [reply["status"] for reply in moved.replies] == ["ok"] * 5
    assert [reply["execution_count"] for reply in moved.replies] == [1, 2, 3, 4, 5]
    _, loop, after, squares, last = (moved.first.output(cell) for cell in moved.cells)
    assert hosts_by_row(stream_text(loop)) == ROWS
    there = pids_by_host(stream_text(loop))["cartesius"]
    assert result(loop) == "np.float64(15.0)"
    assert result(after) == f"(('cartesius', {there}), np.float64(15.0), 4)"
    assert result(squares) == "[0, 1, 4, 9]"
    assert stream_text(last) == "cartesius last\n"


def test_both_tabs_saw_the_same(moved: Moved) -> None:
    for cell in moved.cells:
        assert moved.second.output(cell) == moved.first.output(cell)
    shown = [
        output["data"]["text/plain"]
        for output in moved.second.output(moved.cells[1])
        if "pyteleport" in output.get("metadata", {})
    ]
    assert ARRIVED.fullmatch(shown[-1])


def test_no_restart_was_seen(moved: Moved) -> None:
    states = [m["content"].get("execution_state") for tab in moved.notebook.tabs for m in tab.received]
    assert set(states) <= {"busy", "idle", "starting", None}
    for tab in (moved.first, moved.second):
        asked_first = tab.received.index(next(m for m in tab.received if belongs(m, moved.cells[0])))
        late = {m["content"].get("execution_state") for m in tab.received[asked_first:]}
        assert late <= {"busy", "idle", None}
    model = moved.notebook.model()
    assert model["id"] == moved.notebook.kernel
    assert model["connections"] == len(moved.notebook.tabs)


def test_states_that_the_server_shows(moved: Moved) -> None:
    cell = moved.first.run("input()")
    question = moved.first.wait_for(lambda m: m["channel"] == "stdin" and belongs(m, cell))
    assert eventually(lambda: moved.notebook.model()["execution_state"] == "busy")
    moved.first.send("input_reply", {"value": "x"}, "stdin", question["header"])
    assert moved.first.finish(cell)["status"] == "ok"
    assert eventually(lambda: moved.notebook.model()["execution_state"] == "idle")


def test_input(moved: Moved) -> None:
    cell = moved.first.run("import getpass\nprint(input('name? '), getpass.getpass('word? '))")
    for prompt, secret, answer in (("name? ", False, "ada"), ("word? ", True, "lace")):
        question = moved.first.wait_for(
            lambda m, prompt=prompt: m["content"].get("prompt") == prompt and belongs(m, cell)
        )
        assert (question["channel"], question["content"]["password"]) == ("stdin", secret)
        moved.first.send("input_reply", {"value": answer}, "stdin", question["header"])
    moved.first.finish(cell)
    assert stream_text(moved.first.output(cell)) == "ada lace\n"


def test_stop_button(moved: Moved) -> None:
    cell = moved.first.run("import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.05)")
    queued = moved.first.run("print('never')")
    moved.first.wait_for(lambda m: belongs(m, cell) and "begun" in m["content"].get("text", ""))
    moved.notebook.server.rest("POST", f"kernels/{moved.notebook.kernel}/interrupt")
    assert moved.first.finish(cell)["ename"] == "KeyboardInterrupt"
    assert moved.first.finish(queued)["status"] in ("aborted", "error")
    again = moved.first.run("print(where()[0])")
    assert moved.first.finish(again)["status"] == "ok"
    assert stream_text(moved.first.output(again)) == "cartesius\n"


def test_completion_and_help(moved: Moved) -> None:
    completion = moved.first.finish(moved.first.send("complete_request", {"code": "wher", "cursor_pos": 4}))
    assert "where" in completion["matches"]
    asked = {"code": "where", "cursor_pos": 5, "detail_level": 1}
    help_text = moved.first.finish(moved.first.send("inspect_request", asked))["data"]["text/plain"]
    assert "return socket.gethostname(), os.getpid()" in plain(help_text)


def test_a_tab_that_is_opened_later(moved: Moved) -> None:
    tab = moved.notebook.open_tab()
    cell = tab.run("where()[0]")
    assert tab.finish(cell)["status"] == "ok"
    assert result(tab.output(cell)) == "'cartesius'"
    moved.first.see_idle(cell)
    assert moved.first.output(cell) == tab.output(cell)


@pytest.fixture
def notebook(server: Server, leak_check: None) -> Iterator[Notebook]:
    """A notebook of its own."""
    notebook = Notebook(server)
    yield notebook
    notebook.close()


def run_to_the_end(tab: Tab, code: str) -> list[Message]:
    """Run a cell that succeeds; its output."""
    cell = tab.run(code)
    reply = tab.finish(cell)
    assert reply["status"] == "ok", reply
    return tab.output(cell)


MOVE = "%load_ext pyteleport_jupyter\n%teleport cartesius\nimport socket\nsocket.gethostname()"


def test_restart_gives_a_fresh_kernel_here_and_ends_the_one_there(notebook: Notebook, host_b: Host) -> None:
    before = set(host_b.processes())
    tab = notebook.open_tab()
    assert result(run_to_the_end(tab, MOVE)) == "'cartesius'"
    assert set(host_b.processes()) > before
    model = notebook.server.rest("POST", f"kernels/{notebook.kernel}/restart")
    assert model["id"] == notebook.kernel
    tab.close()
    tab = notebook.open_tab()
    fresh = run_to_the_end(tab, "import socket\nsocket.gethostname(), 'teleport' in dir(), len(In)")
    assert result(fresh) == "('workbench', False, 2)"
    assert eventually(lambda: set(host_b.processes()) == before)
    assert result(run_to_the_end(tab, MOVE)) == "'cartesius'"


def test_delete_ends_both(notebook: Notebook, host_b: Host) -> None:
    before = set(host_b.processes())
    tab = notebook.open_tab()
    assert result(run_to_the_end(tab, MOVE)) == "'cartesius'"
    notebook.server.rest("DELETE", f"kernels/{notebook.kernel}")
    assert eventually(lambda: set(host_b.processes()) == before)
