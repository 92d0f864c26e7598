"""A host whose disks are full: cells there, a session there and its way home need none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from errand_hosts import session
from lab import Host, Lab, LabKernel

pytestmark = pytest.mark.nightly

SETUP = """%load_ext pyteleport_jupyter
import os, numpy as np, socket
data = np.random.default_rng(1).random(4_000_000)
kept = data; items = [0]
"""
FILL = """
import contextlib, os
for folder in (os.path.expanduser("~"), "/tmp"):
    with contextlib.suppress(OSError), open(f"{folder}/filling", "wb", 0) as filling:
        while True:
            filling.write(bytes(1 << 12))
"""
EMPTY = """
import os
for folder in (os.path.expanduser("~"), "/tmp"):
    os.unlink(f"{folder}/filling")
"""


@pytest.fixture
def kernel(lab: Lab, kernel_on: Callable[[Host], LabKernel], host_a: Host) -> LabKernel:
    """A session of 32 MB."""
    return session(lab, kernel_on, host_a, SETUP)


def test_cells_on_a_host_without_room(lab: Lab, kernel: LabKernel) -> None:
    with lab.nothing_left_on(lab.host("cramped"), seconds=30):
        filled = kernel.execute(f"%%teleport cramped\n{FILL}")
        assert filled.error is None, filled.error
        run = kernel.execute(
            "%%teleport cramped\ndata = data + 1; items.append(socket.gethostname())\nprint('x' * 5_000_000)\n'done'"
        )
        assert run.error is None, run.error
        assert (run.result, len(run.text())) == ("'done'", 5_000_001)
        assert kernel.execute("items, bool((data == kept + 1).all())").result == "([0, 'cramped'], True)"
        refused = kernel.execute("%%teleport cramped --lease 1h --setup true\n1")
        assert refused.error is not None
        assert refused.error.startswith("DiskFull: cramped has no room left"), refused.error
        assert kernel.execute(f"%%teleport cramped --no-keep\n{EMPTY}").error is None


def test_a_session_on_a_host_without_room_works_and_comes_home(lab: Lab, kernel: LabKernel) -> None:
    with lab.nothing_left_on(lab.host("cramped"), seconds=30):
        moved = kernel.execute(f"%teleport cramped\n{FILL}\nsocket.gethostname()")
        assert moved.result == "'cramped'", moved.error
        assert len(kernel.execute("print('x' * 5_000_000)").text()) == 5_000_001
        home = kernel.execute("data[0] = 5\n%teleport home\nsocket.gethostname(), data is kept, data[0]")
        assert home.result == "('workbench', True, np.float64(5.0))", home.error
        # The session that has gone has left room for another one.
        assert kernel.execute(f"%%teleport cramped --no-keep\n{EMPTY}").error is None
