"""Moves over ssh, by real hosts and real kernels, while clients ask without pause: each request is answered
once, where and when it should be.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from lab import Host, Lab, LabKernel
from relay_flood import Flood, flooded, texts

Kernels = Callable[..., LabKernel]
HOPS = ("cartesius", "huygens")
ROUNDS = 10
QUEUED = 5


def hop(flood: Flood, target: str) -> list[str]:
    """Move in the flood, with cells queued behind the one that moves; their request ids, the first moves."""
    first = flood.clients[0]
    flood.until(lambda: False, 0.2)
    cells = [f"print('leaving', socket.gethostname())\n%teleport {target}\nprint('at', socket.gethostname())"]
    cells += [f"ran.append({n}); print('cell', {n}, ran, socket.gethostname())" for n in range(QUEUED)]
    requests = [first.execute(cell) for cell in cells]
    replies = first.book.got["shell"]
    assert flood.until(lambda: (requests[-1], "execute_reply") in replies[-400:], 150), "no reply"
    flood.until(lambda: False, 0.2)
    return requests


def flood_and_hop(kernel: LabKernel) -> None:
    kernel.execute("%load_ext pyteleport_jupyter\nimport socket\nran = []")
    with flooded(kernel.manager.get_connection_info()) as flood:
        asked = [hop(flood, target) for target in HOPS]
        flood.finish()
        complaints = flood.complaints({requests[0] for requests in asked})
        assert complaints == []
        ran: list[int] = []
        for here, there, requests in zip(("workbench", *HOPS), HOPS, asked, strict=False):
            expected = [f"leaving {here}\nat {there}\n"]
            for number in range(QUEUED):
                ran.append(number)
                expected.append(f"cell {number} {ran} {there}\n")
            for client in flood.clients:
                assert texts(client.book.told, requests) == expected


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_twenty_teleports_in_a_flood_with_a_queue(lab: Lab, kernel_on: Kernels, host_a: Host) -> None:
    """Ten sessions, each from the workbench to cartesius and on to huygens."""
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("huygens")):
        for _ in range(ROUNDS):
            kernel = kernel_on(host_a)
            flood_and_hop(kernel)
            kernel.close()


LINES = 640
LINE = "x" * 65535 + "\n"


@pytest.mark.slow
def test_forty_megabytes_printed_just_before_the_move_arrive_complete(
    lab: Lab, kernel_on: Kernels, host_a: Host
) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("huygens")):
        kernel = kernel_on(host_a)
        kernel.execute("%load_ext pyteleport_jupyter\nimport socket")
        for target in HOPS:
            cell = f"for i in range({LINES}): print('x' * 65535)\n%teleport {target}\nprint(socket.gethostname())"
            run = kernel.execute(cell)
            assert run.error is None
            # Not compared at once: pytest would be busy for minutes explaining a difference.
            assert len(run.text()) == len(LINE) * LINES + len(target) + 1
            assert run.text().replace(LINE, "") == f"{target}\n"
        kernel.close()


THIEF = """
import select, socket, sys
ports, tried = [int(word) for word in sys.argv[1:]], 0
print('ready', flush=True)
while not select.select([sys.stdin], [], [], 0.0003)[0]:
    for address in ('', socket.gethostbyname(socket.gethostname())):
        for port in ports:
            with socket.socket() as thief:
                thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    thief.bind((address, port))
                    thief.listen()
                    print('stolen', address, port)
                except OSError:
                    tried += 1
print(tried)
"""


@pytest.mark.slow
def test_a_thief_does_not_get_the_ports(lab: Lab, kernel_on: Kernels, host_a: Host) -> None:
    """A process on the notebook's host that wants them, all the time while the session leaves."""
    lab.need_own_systems()
    for _ in range(2):
        kernel = kernel_on(host_a)
        kernel.execute("%load_ext pyteleport_jupyter\nimport socket")
        connection = kernel.manager.get_connection_info()
        ports = [str(connection[f"{name}_port"]) for name in ("shell", "iopub", "stdin", "control", "hb")]
        argv = [host_a.python, "-c", THIEF, *ports]
        with lab.popen_inside(host_a, argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as thief:
            assert thief.stdout is not None
            assert thief.stdout.readline() == b"ready\n"
            run = kernel.execute("%teleport cartesius\nsocket.gethostname()")
            said, _ = thief.communicate(b"\n")
        assert run.result == "'cartesius'"
        assert int(said) > 100
        kernel.close()
