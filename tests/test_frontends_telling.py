"""What a frontend that opened our comm is told by a real kernel."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from relay_lab import LabKernel, answer_to, lab_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as started:
        yield started


def open_comm(kernel: LabKernel, data: dict[str, Any]) -> str:
    """Ask as ``js/`` does; the comm's id."""
    comm_id = uuid.uuid4().hex
    content = {"comm_id": comm_id, "target_name": "pyteleport", "data": data}
    kernel.client.shell_channel.send(kernel.client.session.msg("comm_open", content))
    return comm_id


def told(kernel: LabKernel, comm_id: str) -> dict[str, Any]:
    """The next message of that comm: its type, or what it said."""
    while True:
        message = kernel.client.get_iopub_msg(timeout=30)
        if message["msg_type"].startswith("comm_") and message["content"]["comm_id"] == comm_id:
            return {"closed": True} if message["msg_type"] == "comm_close" else message["content"]["data"]


def test_a_kernel_without_us_closes_it(kernel: LabKernel) -> None:
    assert told(kernel, open_comm(kernel, {"version": 1})) == {"closed": True}


def knows_us(kernel: LabKernel) -> bool:
    """What a frontend looks at before it asks."""
    kernel.client.comm_info("pyteleport")
    while (reply := kernel.client.get_shell_msg(timeout=30))["msg_type"] != "comm_info_reply":
        pass
    return bool(reply["content"]["comms"])


def test_a_frontend_can_see_whether_the_kernel_knows_us(kernel: LabKernel) -> None:
    assert not knows_us(kernel)
    kernel.run("%load_ext pyteleport_jupyter")
    assert knows_us(kernel)


def test_who_asks_is_told_where_the_session_is_and_how_it_fares(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    comm_id = open_comm(kernel, {"version": 1})
    hello = told(kernel, comm_id)
    assert (hello["type"], hello["version"], hello["place"]["target"]) == ("hello", 1, "home")
    assert hello["place"]["pid"] == kernel.pid
    kernel.client.execute("%teleport 'cmd:false --'")
    connecting, failed = told(kernel, comm_id), told(kernel, comm_id)
    assert (connecting["type"], connecting["move"]["stage"]) == ("move", "connect")
    assert failed["move"]["stage"] == "failed"
    assert "false" in failed["move"]["sentence"]


def test_the_relay_tells_what_only_it_knows(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    early = open_comm(kernel, {"version": 1})
    assert told(kernel, early)["type"] == "hello"
    request = kernel.client.execute("%teleport local\nprint('there')")
    stages = []
    while stages[-1:] != ["arrived"]:
        stages.append(told(kernel, early)["move"]["stage"])
    assert list(dict.fromkeys(stages)) == ["connect", "start", "ship", "restore", "arrived"]
    answer_to(kernel.client, request)
    late = open_comm(kernel, {"version": 1})
    assert told(kernel, late)["place"]["target"] == "local"
    for child in psutil.Process(kernel.pid).children():
        child.kill()
    assert [told(kernel, late)["link"]["state"] for _ in range(2)] == ["trying", "up"]


def test_another_version_is_closed(kernel: LabKernel) -> None:
    kernel.run("%load_ext pyteleport_jupyter")
    assert told(kernel, open_comm(kernel, {"version": 99})) == {"closed": True}
