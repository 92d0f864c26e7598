"""The cut itself: nothing is lost and nothing comes twice, whatever happens at that moment."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from relay_lab import answer_to, eventually, far_pid, lab_kernel

REQUESTS_PER_SECOND = 400


class Flood(threading.Thread):
    """Sends kernel_info requests over a client of its own and collects the replies."""

    def __init__(self, client: BlockingKernelClient) -> None:
        super().__init__()
        self.client = client
        self.sent: list[str] = []
        self.replied: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        # Past the client's get_shell_msg: that leaves an event loop in each thread which uses it.
        socket = self.client.shell_channel.socket
        while not self.over.is_set():
            self.sent.append(self.client.kernel_info())
            self.collect(socket)
            time.sleep(1 / REQUESTS_PER_SECOND)
        deadline = time.monotonic() + 40
        while len(self.replied) < len(self.sent) and time.monotonic() < deadline:
            socket.poll(50)
            self.collect(socket)

    def collect(self, socket: zmq.Socket[bytes]) -> None:
        while socket.poll(0):
            _, reply = self.client.session.recv(socket)
            self.replied.append(reply["parent_header"]["msg_id"])


def flood_and_cut(way: str) -> None:
    with lab_kernel() as kernel:
        flood = Flood(kernel.new_client())
        flood.start()
        first = kernel.client.execute(f"print('begun')\n%cut {way}\nprint('moved')")
        cells = [kernel.client.execute(f"print('cell {i}')") for i in range(5)]
        replies: list[str] = []
        text = ""
        deadline = time.monotonic() + 60
        # Both channels in turn: ipykernel leaves out a subscriber that is 1000 messages behind.
        while (len(replies) < 6 or text.count("\n") < 7) and time.monotonic() < deadline:
            while kernel.client.iopub_channel.msg_ready():
                message = kernel.client.get_iopub_msg(timeout=1)
                text += message["content"]["text"] if message["msg_type"] == "stream" else ""
            with suppress(queue.Empty):
                replies.append(kernel.client.get_shell_msg(timeout=0.01)["parent_header"]["msg_id"])
        flood.over.set()
        flood.join()
        assert replies == [first, *cells]
        assert text == "begun\nmoved\n" + "".join(f"cell {i}\n" for i in range(5))
        counts = Counter(flood.replied)
        assert [i for i, m in enumerate(flood.sent) if counts[m] != 1] == []
        assert flood.replied == flood.sent


@pytest.mark.parametrize("way", ["exec", "in-process"])
def test_flood_of_requests_and_queued_cells(way: str) -> None:
    flood_and_cut(way)


@pytest.mark.nightly  # test_road_flood.py moves twenty times, from host to host, in the usual run
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_twenty_floods() -> None:
    for _ in range(20):
        flood_and_cut("exec")


def test_large_output_just_before_arrives_complete() -> None:
    with lab_kernel() as kernel:
        answer = kernel.run("for i in range(640): print('x' * 65535)\n%cut\nprint('end')")
        assert answer.text() == ("x" * 65535 + "\n") * 640 + "end\n"


def test_output_of_child_processes_arrives_and_they_survive(tmp_path: Path) -> None:
    go, done = tmp_path / "go", tmp_path / "done"
    script = f"until [ -e {go} ]; do sleep 0.05; done; echo late && touch {done}"
    with lab_kernel() as kernel:
        kernel.run(f"import os, subprocess\nchild = subprocess.Popen([{script!r}], shell=True)")
        answer = kernel.run("os.write(1, b'by descriptor\\n');\n%cut\nprint('end')")
        assert answer.text() == "by descriptor\nend\n"
        go.touch()
        assert eventually(done.exists)


class PortThief(threading.Thread):
    """Tries to bind and listen on a port, again and again."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.over = threading.Event()
        self.tried = 0
        self.got_it = False

    def run(self) -> None:
        while not self.over.is_set() and not self.got_it:
            self.tried += 1
            with socket.socket() as thief, suppress(OSError):
                thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                thief.bind(("127.0.0.1", self.port))
                thief.listen()
                self.got_it = True
            time.sleep(0.0005)


def test_port_thief_does_not_get_the_ports() -> None:
    with lab_kernel() as kernel:
        ports = [getattr(kernel.manager, f"{name}_port") for name in ("shell", "iopub", "hb")]
        thieves = [PortThief(port) for port in ports]
        for thief in thieves:
            thief.start()
        assert kernel.run("%cut\nprint('there')").text() == "there\n"
        for thief in thieves:
            thief.over.set()
            thief.join()
        assert not any(thief.got_it for thief in thieves)
        assert all(thief.tried > 50 for thief in thieves)


@pytest.mark.parametrize("options", ["interrupt", "interrupt show"])
def test_interrupt_inside_the_gap_reaches_the_cell(options: str) -> None:
    with lab_kernel() as kernel:
        answer = kernel.run(f"%cut {options}\nimport time\ntime.sleep(60)")
        assert answer.reply["content"]["ename"] == "KeyboardInterrupt"
        assert kernel.run("print('alive')").text() == "alive\n"


def test_interrupt_message_inside_the_gap_reaches_the_cell() -> None:
    with lab_kernel() as kernel:
        message_id = kernel.client.execute("%cut\nimport time\ntime.sleep(60)")
        assert eventually(lambda: b"relay" in Path(f"/proc/{kernel.pid}/cmdline").read_bytes(), 30)
        kernel.client.control_channel.send(kernel.client.session.msg("interrupt_request", {}))
        assert answer_to(kernel.client, message_id).reply["content"]["ename"] == "KeyboardInterrupt"


def test_timers_and_zombies_do_no_harm() -> None:
    with lab_kernel() as kernel:
        zombie = "import os, subprocess\nz = subprocess.Popen(['true'])\nprint(z.pid)"
        pid = int(kernel.run(zombie).text())
        kernel.run(
            "import signal\n"
            "signal.signal(signal.SIGALRM, lambda *a: None)\n"
            "signal.setitimer(signal.ITIMER_REAL, 1.5, 0.1)"
        )
        kernel.run("%cut\nimport time; time.sleep(2)")
        assert kernel.run("print('alive')").text() == "alive\n"
        assert eventually(lambda: not Path(f"/proc/{pid}").exists())


def test_idle_client_gets_what_it_asks_for_later() -> None:
    with lab_kernel() as kernel:
        idle = kernel.new_client()
        kernel.run("%cut\nprint('there')")
        message_id = idle.execute("print('complete')\n1")
        answer = answer_to(idle, message_id)
        assert answer.text() == "complete\n"
        assert "execute_result" in answer.kinds()


def test_encrypted_sockets() -> None:
    with lab_kernel(transport_encryption="required") as kernel:
        assert kernel.run("print('here')\n%cut\nprint('there')").text() == "here\nthere\n"
        assert far_pid(kernel) != kernel.pid


@pytest.mark.parametrize("way", ["exec", "in-process"])
def test_unix_sockets(way: str) -> None:
    with lab_kernel(transport="ipc") as kernel:
        assert kernel.run(f"print('here')\n%cut {way}\nprint('there')").text() == "here\nthere\n"
        assert far_pid(kernel) != kernel.pid
        late = kernel.new_client()
        assert answer_to(late, late.execute("print('late')")).text() == "late\n"
        assert sorted(path.name for path in kernel.directory.glob("k-*")) == [f"k-{i}" for i in range(1, 6)]


def test_refused_cut_leaves_the_kernel_as_it_was() -> None:
    with lab_kernel() as kernel:
        refuse = (
            "from pyteleport_jupyter.relay import cutover\n"
            "class Refused(OSError): pass\n"
            "def refuse(name):\n    if name == 'relay.at_rest': raise Refused('as the test wants it')\n"
            "cutover.fault, before = refuse, cutover.fault"
        )
        kernel.run(refuse)
        flood = Flood(kernel.new_client())
        flood.start()
        message_id = kernel.client.execute("x = 1\n%cut")
        queued = kernel.client.execute("print('queued', x)", stop_on_error=False)
        answer = answer_to(kernel.client, message_id)
        assert answer.reply["content"]["ename"] == "QuiesceFailed"
        assert "as the test wants it" in answer.reply["content"]["evalue"]
        flood.over.set()
        flood.join()
        assert flood.replied == flood.sent
        del queued
        assert far_pid(kernel) == kernel.pid
        kernel.run("cutover.fault = before")
        assert kernel.run("%cut\nprint('there')").text() == "there\n"


def test_relay_without_exec_where_the_system_refuses_it() -> None:
    with lab_kernel() as kernel:
        kernel.run(
            "from pyteleport_jupyter.relay import cutover\n"
            "def refuse(*words): raise PermissionError('no exec')\n"
            "cutover.os.execv = refuse"
        )
        assert kernel.run("print('here')\n%cut\nprint('there')").text() == "here\nthere\n"
        assert far_pid(kernel) != kernel.pid


def test_interrupt_before_the_point_of_no_return_stops_the_move(tmp_path: Path) -> None:
    with lab_kernel() as kernel:
        kernel.run(
            "from pyteleport_jupyter.relay import cutover\n"
            "import os, signal\n"
            "def stop(name):\n    if name == 'relay.at_rest':\n"
            "        os.kill(os.getpid(), signal.SIGINT)\n        raise OSError('too late')\n"
            "cutover.fault = stop"
        )
        answer = kernel.run("%cut")
        assert answer.reply["content"]["ename"] == "KeyboardInterrupt"
        assert far_pid(kernel) == kernel.pid
