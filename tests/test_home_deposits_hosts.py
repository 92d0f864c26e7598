"""What a session leaves on the hosts that it leaves need not be sent there again: over real ssh."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from frontends import eventually
from lab import Host, Lab, LabKernel

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="memory without a name is Linux's"),
    pytest.mark.timeout(300),
]

SECONDS = 60.0

SETUP = """%load_ext pyteleport_jupyter
import numpy, socket
data = numpy.random.default_rng(1).integers(0, 1 << 62, 4 << 20)
many = {number: [number] for number in range(20000)}
sums = []
def where(): return socket.gethostname()
def count():
    from pyteleport_jupyter.wire.pipe import Pipe
    sizes = []
    def counted(send):
        def sending(self, *arguments):
            sizes.append(sum(map(len, arguments)))
            print("sent", sum(sizes), flush=True)
            return send(self, *arguments)
        return sending
    # Once, also where home passes it on.
    Pipe.send_raw = counted(Pipe.send_raw)
"""

SIZE = 32 << 20


@pytest.fixture
def on_host(kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host; the hosts are clean afterwards."""
    kernel = kernel_on(host_a)
    assert kernel.execute(SETUP).error is None
    return kernel


def sent_to(kernel: LabKernel, target: str, options: str = "") -> int:
    """Bytes that were sent from where it was."""
    cell = f"count()\nsums.append(int(data.sum()))\n%teleport {target} -q {options}"
    run = kernel.execute(cell)
    assert run.error is None, run.error
    assert kernel.execute("sums.pop() == int(data.sum()), len(many)").result == "(True, 20000)"
    return int([line.split()[1] for line in run.text().splitlines() if line.startswith("sent ")][-1])


def kept_on(kernel: LabKernel, host: str) -> list[str]:
    """Identifiers of what is kept there."""
    listed = kernel.execute(f"%teleport list {host}").text().splitlines()
    return [line.split()[0] for line in listed if "kept data" in line]


def test_over_ssh_one_element_costs_one_chunk_and_nothing_stays_where_it_is_not_wanted(
    lab: Lab, on_host: LabKernel
) -> None:
    with lab.nothing_left_on(lab.host("cartesius")):
        assert sent_to(on_host, "cartesius") > SIZE
        on_host.execute("%teleport home -q")
        assert eventually(lambda: bool(kept_on(on_host, "cartesius")), SECONDS)
        on_host.execute("data[5] += 1")
        assert sent_to(on_host, "cartesius") < 2 << 20
        assert on_host.execute("%teleport home -q --no-keep\nwhere()").result == "'workbench'"


@pytest.mark.nightly
def test_hops_between_hosts_and_back(lab: Lab, on_host: LabKernel) -> None:
    lab.need_own_systems()
    lab.host("huygens")
    assert sent_to(on_host, "cartesius") > SIZE
    assert sent_to(on_host, "huygens") > SIZE
    assert eventually(lambda: bool(kept_on(on_host, "cartesius")), SECONDS)
    assert sent_to(on_host, "cartesius") < SIZE // 10
    assert eventually(lambda: bool(kept_on(on_host, "huygens")), SECONDS)
    assert not kept_on(on_host, "cartesius")
    on_host.execute("data[7] += 1")
    assert sent_to(on_host, "huygens") < 2 << 20
    assert on_host.execute("%teleport home -q --no-keep\nwhere()").result == "'workbench'"
    for identifier in kept_on(on_host, "cartesius"):
        on_host.execute(f"%teleport kill cartesius/{identifier}")
    assert not kept_on(on_host, "cartesius")
    assert not kept_on(on_host, "huygens")


@pytest.mark.nightly
def test_two_notebooks_leave_and_find_their_own(
    kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host
) -> None:
    kernels = [kernel_on(host_a), kernel_on(host_a)]
    for kernel in kernels:
        assert kernel.execute(SETUP).error is None
        assert sent_to(kernel, "cartesius") > SIZE
        kernel.execute("%teleport home -q")
    assert eventually(lambda: len(kept_on(kernels[0], "cartesius")) == 2, SECONDS)
    for kernel in kernels:
        assert sent_to(kernel, "cartesius") < SIZE // 10
        kernel.execute("%teleport home -q --no-keep")
    assert eventually(lambda: not kept_on(kernels[0], "cartesius"), SECONDS)
