"""Life and death of a session that has moved over ssh: questions, interrupts, ends of all kinds, lost links."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import pytest
from frontends import eventually
from lab import Direction, Host, Lab, LabKernel

MOVE = "%load_ext pyteleport_jupyter\n%teleport {target}\nimport os, socket, time\nsocket.gethostname()"
Kernels = Callable[..., LabKernel]


@pytest.fixture
def kernel(lab: Lab, kernel_on: Kernels, host_a: Host) -> LabKernel:
    """A kernel on host A. Whatever is left on the hosts when it has ended is an error."""
    lab.need_own_systems()
    return kernel_on(host_a)


def move(kernel: LabKernel, target: str = "cartesius") -> LabKernel:
    """Teleport, and check that it has arrived."""
    run = kernel.execute(MOVE.format(target=target))
    assert run.result == "'cartesius'", run.error
    return kernel


@pytest.fixture
def moved(kernel: LabKernel) -> LabKernel:
    """The kernel after its teleport to host B."""
    return move(kernel)


def answer(kernel: LabKernel, prompt: str, text: str, secret: bool = False) -> None:
    """Wait for a question, and answer it."""
    question = kernel.client.get_stdin_msg(timeout=30)["content"]
    assert question == {"prompt": prompt, "password": secret}
    kernel.client.input(text)


def wait_for_text(kernel: LabKernel, text: str, seconds: float = 120) -> list[dict[str, Any]]:
    """Messages on iopub until one of the streams says ``text``."""
    messages: list[dict[str, Any]] = []
    deadline = time.monotonic() + seconds
    while not messages or text not in messages[-1]["content"].get("text", ""):
        messages.append(kernel.client.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic())))
    return messages


QUESTIONS = "import getpass\nprint(input('name? '), getpass.getpass('word? '))"


def test_questions_in_the_cell_that_moves_and_in_later_ones(kernel: LabKernel) -> None:
    kernel.execute("%load_ext pyteleport_jupyter")
    for code in (f"%teleport cartesius\n{QUESTIONS}", QUESTIONS):
        request = kernel.client.execute(code, allow_stdin=True)
        answer(kernel, "name? ", "ada")
        answer(kernel, "word? ", "lace", secret=True)
        assert kernel.finish(request).text() == "ada lace\n"


ENDLESS = """try:
    print('begun\\n', end='', flush=True)
    while True: time.sleep(0.05)
finally:
    print(socket.gethostname())"""
"""It says that it has begun within the block, in one piece: who prints waits until the text is out, and may be
interrupted meanwhile. Short sleeps: a signal between Python's last look and the system call does not end it.
"""


@pytest.mark.timeout(400)
def test_interrupt_by_signal_and_by_message(kernel: LabKernel) -> None:
    """In the cell that moves, by a signal to the process group as managers do; in a later one by message.

    Only in cells that say that they have begun. An interrupt that arrives between a cell's last instruction and
    its reply makes ipykernel 7 lose the reply, with or without us: see docs/ARCHITECTURE.md, section 7.
    """
    kernel.execute("%load_ext pyteleport_jupyter\nimport socket, time")
    request = kernel.client.execute(f"%teleport cartesius\n{ENDLESS}")
    for interrupt in (kernel.manager.interrupt_kernel, lambda: send_interrupt(kernel)):
        wait_for_text(kernel, "begun")
        interrupt()
        run = kernel.finish(request)
        assert run.error == "KeyboardInterrupt: "
        assert run.text() == "cartesius\n"
        request = kernel.client.execute(ENDLESS)
    wait_for_text(kernel, "begun")
    kernel.manager.interrupt_kernel()
    kernel.finish(request)
    assert kernel.execute("1 + 1").result == "2"


def send_interrupt(kernel: LabKernel) -> None:
    """``interrupt_request`` on the control channel, and its reply."""
    kernel.client.control_channel.send(kernel.client.session.msg("interrupt_request", {}))
    assert kernel.client.get_control_msg(timeout=30)["msg_type"] == "interrupt_reply"


def test_restart_gives_a_fresh_kernel_here(moved: LabKernel, host_b: Host) -> None:
    ports = moved.manager.get_connection_info()
    moved.manager.restart_kernel()
    moved.client.wait_for_ready(timeout=60)
    assert (
        moved.execute("import socket\nsocket.gethostname(), 'time' in dir()").result == "('workbench', False)"
    )
    assert moved.manager.get_connection_info() == ports
    assert eventually(lambda: not host_b.processes())
    move(moved)


def test_shutdown_ends_both(moved: LabKernel, host_a: Host, host_b: Host) -> None:
    moved.client.shutdown()
    assert eventually(lambda: not moved.manager.is_alive())
    assert eventually(lambda: not host_a.processes() and not host_b.processes())


def test_a_remote_kernel_that_is_killed_is_a_dead_kernel(moved: LabKernel, host_b: Host) -> None:
    moved.client.execute("os.kill(os.getpid(), 9)")
    assert eventually(lambda: not moved.manager.is_alive())
    assert eventually(lambda: not host_b.processes())


def test_the_far_side_of_a_killed_kernel_ends_with_its_lease(kernel: LabKernel, host_b: Host) -> None:
    """SIGKILL: nobody is left to tell it."""
    move(kernel, "cartesius --lease 3s")
    kernel.execute("import threading; threading.Thread(target=time.sleep, args=(600,)).start()")
    kernel.process.send_signal(signal.SIGKILL)
    assert eventually(lambda: not kernel.manager.is_alive())
    assert eventually(lambda: not host_b.processes())


COUNT = "for i in range({rows}):\n    print(i, flush=True)\n    time.sleep(0.01)"
ROWS = 600
NUMBERS = "".join(f"{i}\n" for i in range(ROWS))


class Counting:
    """A cell that prints numbers there, while the test does something to the link."""

    def __init__(self, kernel: LabKernel) -> None:
        self.kernel = kernel
        self.request = kernel.client.execute(COUNT.format(rows=ROWS))
        self.messages = wait_for_text(kernel, "20\n")

    def wait_for_news(self, news: str) -> None:
        """Until the cell shows a line that says so."""
        while news not in self.messages[-1]["content"].get("data", {}).get("text/plain", ""):
            self.messages.append(self.kernel.client.get_iopub_msg(timeout=60))

    def wait_for_more(self, rows: int = 50) -> None:
        """Until so many more numbers have come: more than can still be on their way on a link that is lost."""
        for _ in range(rows):
            self.messages += wait_for_text(self.kernel, "\n")

    def text(self) -> str:
        """All that the cell has printed, at its end."""
        run = self.kernel.finish(self.request)
        run.messages[:0] = [m for m in self.messages if m["parent_header"].get("msg_id") == self.request]
        return run.text()


@contextmanager
def reconnected(host: Host) -> Iterator[None]:
    """What happens in the block makes the relay connect to ``host`` anew."""
    before = connections(host)
    yield
    assert eventually(lambda: connections(host) - before)


def connections(host: Host) -> set[int]:
    """The processes of sshd that serve a connection each."""
    found = set()
    for process in host.processes():
        with suppress(psutil.NoSuchProcess):  # one that ends while we look serves nobody
            found |= {process.pid} if "sshd" in process.name() else set()
    return found


LOST, LINKED = "link to cartesius lost, trying again", "linked again after"


def test_connections_that_are_reset_while_output_flows(moved: LabKernel, host_b: Host) -> None:
    counting = Counting(moved)
    for _ in range(3):
        with reconnected(host_b):
            host_b.kill_connections()
        counting.wait_for_more()
    assert counting.text() == NUMBERS
    assert moved.execute("socket.gethostname()").result == "'cartesius'"


def test_a_proxy_that_breaks_the_line_at_any_byte(lab: Lab, kernel: LabKernel, host_b: Host) -> None:
    with lab.fault_proxy("cartesius") as proxy:
        move(kernel, "cartesius-faulty")
        counting = Counting(kernel)
        for direction, count in ((Direction.TO_CLIENT, 1001), (Direction.TO_SERVER, 333)):
            with reconnected(host_b):
                proxy.reset_after(direction, count)
            counting.wait_for_more()
        assert counting.text() == NUMBERS
        kernel.close()


@pytest.mark.slow
def test_a_cable_that_is_pulled(lab: Lab, moved: LabKernel, host_b: Host) -> None:
    """Nothing is closed; that the link is lost can only be noticed by its silence."""
    counting = Counting(moved)
    lab.cut(host_b)
    try:
        counting.wait_for_news(LOST)
        queued = moved.client.execute("print('queued', i)")
    finally:
        lab.heal(host_b)
    counting.wait_for_news(LINKED)
    assert counting.text() == NUMBERS
    assert moved.finish(queued).text() == f"queued {ROWS - 1}\n"


def test_three_teleports_in_a_flood_with_a_queue(lab: Lab, kernel: LabKernel) -> None:
    """Every hop with requests on their way and five cells waiting: each is answered once, in order."""
    with lab.nothing_left_on(lab.host("huygens")):
        hop_thrice(kernel)
        kernel.close()


def hop_thrice(kernel: LabKernel) -> None:
    """By ssh, to a process beside, and by ssh again."""
    kernel.execute("%load_ext pyteleport_jupyter\nimport os, socket")
    kernel.execute("def here(): return socket.gethostname(), os.getpid()\nplaces = [here()]")
    for hop in range(3):
        target = ("cartesius", "local", "huygens")[hop]
        sent = [kernel.client.kernel_info() for _ in range(20)]
        cells = [f"%teleport {target}\nplaces.append(here()); print('moved')"]
        cells += [f"print('cell {n}', {hop})" for n in range(5)]
        requests = [kernel.client.execute(cell) for cell in cells]
        sent += [*requests, *(kernel.client.kernel_info() for _ in range(20))]
        replies = [kernel.client.get_shell_msg(timeout=60) for _ in sent]
        assert [reply["parent_header"]["msg_id"] for reply in replies] == sent
        assert not [reply["content"] for reply in replies if reply["content"]["status"] != "ok"]
        text = "".join(
            m["content"]["text"] for m in wait_for_text(kernel, "cell 4") if "text" in m["content"]
        )
        assert text == "moved\n" + "".join(f"cell {n} {hop}\n" for n in range(5))
        said = kernel.execute("%teleport").text()
        where = "in a process of its own on cartesius" if target == "local" else f"on {target}"
        assert re.match(rf"this session runs {where} \(pid \d+\), its home is workbench[;\n]", said), said
        sentence = said.partition(";")[0].rstrip("\n")
        assert kernel.execute(f"%teleport {target}").text() == f"already there: {sentence}\n"
    hosts = kernel.execute("len(set(places)), ' '.join(host for host, _ in places)").result
    assert hosts == "(4, 'workbench cartesius cartesius huygens')"
