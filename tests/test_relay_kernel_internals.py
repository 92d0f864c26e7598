"""The self-test of ipykernel's internals, in real kernels: stock, busy, tampered with."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from relay_lab import LabKernel, answer_to, lab_kernel

CHECK = "from pyteleport_jupyter.relay import check_kernel\nprint(check_kernel(get_ipython().kernel))"


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        yield kernel


def test_stock_kernel_passes(kernel: LabKernel) -> None:
    assert kernel.run(CHECK).text() == "None\n"


def test_stock_kernel_passes_in_an_async_cell(kernel: LabKernel) -> None:
    assert kernel.run(f"import asyncio\nawait asyncio.sleep(0)\n{CHECK}").text() == "None\n"


@pytest.mark.parametrize(
    ("damage", "repair", "reason"),
    [
        ("ipykernel.version_info = (8, 0)", "ipykernel.version_info = version", "is not known"),
        (
            "kernel.shell_channel_thread.manager._shell_channel_to_main = None",
            "kernel.shell_channel_thread.manager._shell_channel_to_main = pair",
            "is built differently",
        ),
        ("sys.executable = '/no/python'", "sys.executable = python", "cannot be started"),
        ("kernel.parent.kernel = None", "kernel.parent.kernel = kernel", "another application"),
        ("kernel.parent.shell_port = 1", "kernel.parent.shell_port = port", "does not listen for shell"),
    ],
)
def test_other_kernels_are_refused(kernel: LabKernel, damage: str, repair: str, reason: str) -> None:
    kernel.run(
        "import ipykernel, sys\nkernel = get_ipython().kernel\nversion = ipykernel.version_info\n"
        "pair = kernel.shell_channel_thread.manager._shell_channel_to_main\n"
        "python = sys.executable\nport = kernel.parent.shell_port"
    )
    answer = kernel.run(f"{damage}\ntry:\n    exec({CHECK!r})\nfinally:\n    {repair}")
    assert reason in answer.text()
    assert kernel.run(CHECK).text() == "None\n"


def test_thread_is_refused(kernel: LabKernel) -> None:
    answer = kernel.run(
        "import threading\nfrom pyteleport_jupyter.relay import check_kernel\nsaid = []\n"
        "t = threading.Thread(target=lambda: said.append(check_kernel(get_ipython().kernel)))\n"
        "t.start(); t.join(); print(said[0])"
    )
    assert answer.text() == "its cells do not run in the main thread\n"


def test_in_flight_request(kernel: LabKernel) -> None:
    code = (
        "import json\nfrom pyteleport_jupyter.relay import in_flight_request\n"
        "print(json.dumps(in_flight_request(get_ipython().kernel).as_record()))"
    )
    message_id = kernel.client.execute(code, allow_stdin=True)
    record = json.loads(answer_to(kernel.client, message_id).text())
    assert record["header"]["msg_id"] == message_id
    assert record["content"]["code"] == code
    assert bytes.fromhex(record["identities"][0]) == kernel.client.session.bsession


def create_subshell(kernel: LabKernel) -> str:
    kernel.client.control_channel.send(kernel.client.session.msg("create_subshell_request", {}))
    return str(kernel.client.get_control_msg(timeout=20)["content"]["subshell_id"])


def send_to_subshell(kernel: LabKernel, subshell: str, code: str) -> str:
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = kernel.client.session.msg("execute_request", content)
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def test_cell_in_a_subshell_keeps_the_session_here_and_its_end_lets_it_go(kernel: LabKernel) -> None:
    kernel.run("import threading\ngo = threading.Event()")
    send_to_subshell(kernel, create_subshell(kernel), "go.wait()")
    answer = kernel.run("%cut")
    assert answer.reply["content"]["ename"] == "QuiesceFailed"
    assert "another cell is running in a subshell" in answer.reply["content"]["evalue"]
    assert kernel.run("print('here')").text() == "here\n"
    assert kernel.run("go.set()\n%cut\nprint('there')").text() == "there\n"
