"""Home, and on from host to host, over real ssh."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress

import psutil
import pytest
from frontends import eventually
from lab import Host, Lab, LabKernel

SETUP = """%load_ext pyteleport_jupyter
import os, socket
def where(): return socket.gethostname()
"""


@pytest.fixture
def kernel(kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host; the hosts are clean afterwards."""
    kernel = kernel_on(host_a)
    kernel.execute(SETUP)
    return kernel


@pytest.fixture
def told_at_home(host_a: Host) -> Iterator[None]:
    """What the user's file at home says of a host that the session goes on to."""
    file = host_a.outside(f"{host_a.home}/.config/pyteleport/hosts.toml")
    file.parent.mkdir(parents=True)
    file.write_text("[huygens]\nenv = { TOLD_AT_HOME = 'yes' }\nlease = '3h'\n")
    yield
    shutil.rmtree(file.parent)


def test_on_to_another_host_leaves_the_one_between_free_and_home_is_one_way(
    lab: Lab, kernel: LabKernel, told_at_home: None
) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("huygens")):
        kernel.execute("%config Teleport.limit = '3GB'\n%config Teleport.env = {'CONFIGURED': 'yes'}")
        assert kernel.execute("pid = os.getpid()\n%teleport cartesius\nwhere()").result == "'cartesius'"
        with lab.nothing_left_on(lab.host("cartesius")):
            queued = [
                kernel.client.execute(cell) for cell in ("%teleport huygens\nwhere()", "where(), len(In)")
            ]
            first, second = map(kernel.finish, queued)
        assert first.result == "'huygens'", first.error
        assert second.result == "('huygens', 6)"
        assert "is the jump" not in str(first.of_type("update_display_data"))
        assert kernel.execute("os.environ.get('TOLD_AT_HOME')").result == "'yes'"
        assert re.search(r" huygens +notebook +\d+ s +3 h", kernel.execute("%teleport list huygens").text())
        assert kernel.execute("%config Teleport.limit").result == "'3GB'"
        home = kernel.execute("%teleport home\nwhere(), os.getpid() == pid")
        assert home.result == "('workbench', True)", home.error
        said = (
            kernel.execute("%config Teleport.env").result,
            kernel.execute("%config Teleport.limit").result,
        )
        assert said == ("{'CONFIGURED': 'yes'}", "'3GB'")


def test_where_home_may_not_or_cannot_the_host_between_is_the_jump_and_the_way_home(
    lab: Lab, kernel: LabKernel, host_b: Host
) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("huygens")), lab.nothing_left_on(host_b):
        kernel.execute("%teleport cartesius -q")
        run = kernel.execute(
            "from pyteleport_jupyter import teleport\nplace = 'snegyuh'[::-1]; teleport(place)\nwhere()"
        )
        assert run.result == "'huygens'", run.error
        assert "cartesius is the jump" in str(run.of_type("update_display_data"))
        run = kernel.execute("there = where()\n%teleport home\nthere, where()")
        assert run.result == "('huygens', 'workbench')", run.error


def test_a_block_on_each_of_two_hosts(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("huygens")):
        code = "from pyteleport_jupyter import away\nsaid = []\n"
        code += "with away('cartesius', quiet=True):\n    said.append(where())\n"
        code += (
            "    with away('huygens', quiet=True):\n        said.append(where())\n    said.append(where())\n"
        )
        assert (
            kernel.execute(code + "said + [where()]").result
            == "['cartesius', 'huygens', 'cartesius', 'workbench']"
        )


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_on_from_behind_a_jump_home_makes_the_link_and_the_jump_is_free(
    lab: Lab, kernel: LabKernel, host_b: Host
) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("huygens")), lab.nothing_left_on(host_b):
        kernel.execute("from pyteleport_jupyter import teleport\n%teleport cartesius -q")
        run = kernel.execute("teleport('snegyuh'[::-1])\nwhere()")
        assert run.result == "'huygens'", run.error
        run = kernel.execute("%teleport cartesius\nwhere()", timeout=200)
        assert run.result == "'cartesius'", run.error
        assert "jump" not in str(run.of_type("update_display_data"))
        assert eventually(lambda: not relays(host_b), 60), relays(host_b)
        assert kernel.execute("%teleport home -q\nwhere()").result == "'workbench'"


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_the_cell_goes_on_though_the_host_that_it_left_is_lost(
    lab: Lab, kernel: LabKernel, host_a: Host, host_b: Host
) -> None:
    lab.need_own_systems()
    file = host_a.outside(f"{host_a.home}/.config/pyteleport/hosts.toml")
    file.parent.mkdir(parents=True)
    file.write_text("[cartesius]\nenv = { TELEPORT_FAULT = 'homeward.hand_over::kill' }\n")
    try:
        with lab.nothing_left_on(lab.host("huygens")), lab.nothing_left_on(host_b):
            assert kernel.execute("%teleport cartesius -q\nwhere()").result == "'cartesius'"
            cells = ("done = []\n%teleport huygens\ndone.append(where())", "done.append(1)", "done")
            runs = [kernel.finish(message) for message in [kernel.client.execute(cell) for cell in cells]]
            assert runs[-1].result == "['huygens', 1]", runs
            assert kernel.execute("%teleport home -q\nwhere()").result == "'workbench'"
    finally:
        shutil.rmtree(file.parent)


def relays(host: Host) -> list[list[str]]:
    """Command lines of kernels that have become relays there."""
    lines = []
    for process in host.processes():
        with suppress(psutil.Error):
            lines.append(process.cmdline())
    return [line for line in lines if "zipimport" in " ".join(line)]
