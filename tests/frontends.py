"""What the tests through real frontends share: the issue's notebook, and how its outputs look."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

SETUP = """%load_ext pyteleport_jupyter
import os, socket, numpy as np
data = np.arange(10_000_000.0)
def where(): return socket.gethostname(), os.getpid()"""
LOOP = """total = 0
for i in range(6):
    if i == 3:
        %teleport cartesius
    total += data[i]
    print(i, where())
total"""
AFTER = "where(), total, len(In)"

ROW = re.compile(r"^(\d) \('(\S+)', (\d+)\)\s*$", re.MULTILINE)
ARRIVED = re.compile(r"teleported to cartesius \(pid (\d+), Python 3\.\d+\.\d+\) in \d+\.\d s")
ROWS = [(str(i), "workbench" if i < 3 else "cartesius") for i in range(6)]
"""Number and host of each row that LOOP prints."""

Output = dict[str, Any]


def hosts_by_row(text: str) -> list[tuple[str, str]]:
    """(number, host) of the rows in ``text``."""
    return [(number, host) for number, host, _ in ROW.findall(text)]


def pids_by_host(text: str) -> dict[str, int]:
    """The process that printed the rows on each host; an error if there were several."""
    pids = {(host, int(pid)) for _, host, pid in ROW.findall(text)}
    table = dict(pids)
    assert len(table) == len(pids), f"several processes on one host: {pids}"
    return table


def stream_text(outputs: list[Output], name: str = "stdout") -> str:
    """All that was printed, of outputs as nbformat (and iopub's content) has them."""
    return "".join(out["text"] for out in outputs if out.get("name") == name)


def plain(text: str) -> str:
    """``text`` without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def eventually(condition: Callable[[], Any], seconds: float = 20) -> Any:
    """Ask again until ``condition`` gives something true, or until the time is over; its last answer."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found
