"""One kernel, moved once; then everything that a front end does with a kernel, through the relay."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
import zmq
from jupyter_client.session import Session
from relay_lab import Answer, LabKernel, answer_to, connection_of, far_pid, lab_kernel, resident_bytes

CELL = """import os
print('before', os.getpid())
%cut show
import os
print('after', os.getpid())
40 + 2"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[LabKernel]:
    with lab_kernel() as kernel:
        yield kernel


@pytest.fixture(scope="module")
def moved(kernel: LabKernel) -> Answer:
    return kernel.run(CELL)


def test_cell_ends_there(kernel: LabKernel, moved: Answer) -> None:
    before, here, after, there = moved.text().split()
    assert (before, after) == ("before", "after")
    assert int(here) == kernel.pid != int(there)
    results = [
        m["content"]["data"]["text/plain"] for m in moved.messages if m["msg_type"] == "execute_result"
    ]
    assert results == ["42"]
    assert moved.status == "ok"


def test_display_comes_to_its_end_between_the_outputs(moved: Answer) -> None:
    (shown,) = moved.displays()
    assert shown.startswith("teleported to stand-in (pid ")
    assert [kind for kind in moved.kinds() if kind not in ("status", "execute_input")] == [
        "stream",
        "update_display_data",
        "stream",
        "execute_result",
    ]
    update = next(m for m in moved.messages if m["msg_type"] == "update_display_data")
    assert update["content"]["transient"] == {"display_id": "the-display"}
    assert update["content"]["metadata"] == {"pyteleport": {"host": "stand-in"}}


def test_later_cells_run_there(kernel: LabKernel, moved: Answer) -> None:
    assert far_pid(kernel) == int(moved.text().split()[3])


def test_relay_is_small_and_its_command_line_says_nothing(kernel: LabKernel, moved: Answer) -> None:
    assert resident_bytes(kernel.pid) < 40e6
    with open(f"/proc/{kernel.pid}/cmdline") as file:
        words = file.read().split("\0")[1:]
    assert words[:2] == ["-I", "-S"]
    assert words[2].endswith("relay/__main__.py")
    assert words[3].isdigit()


def test_input(kernel: LabKernel, moved: Answer) -> None:
    message_id = kernel.client.execute("print('hello', input('name? '))", allow_stdin=True)
    request = kernel.client.get_stdin_msg(timeout=20)
    assert request["content"]["prompt"] == "name? "
    kernel.client.input("you")
    assert answer_to(kernel.client, message_id).text() == "hello you\n"


@pytest.mark.parametrize("way", ["signal", "message"])
def test_interrupt(kernel: LabKernel, moved: Answer, way: str) -> None:
    message_id = kernel.client.execute("import time\nprint('sleeping', flush=True)\ntime.sleep(60)")
    while kernel.client.get_iopub_msg(timeout=20)["msg_type"] != "stream":
        pass
    if way == "signal":
        os.kill(kernel.pid, signal.SIGINT)
    else:
        kernel.client.control_channel.send(kernel.client.session.msg("interrupt_request", {}))
        reply = kernel.client.get_control_msg(timeout=20)
        assert reply["msg_type"] == "interrupt_reply"
    answer = answer_to(kernel.client, message_id, 20)
    assert answer.reply["content"]["ename"] == "KeyboardInterrupt"


def test_interrupt_of_an_idle_kernel_does_nothing(kernel: LabKernel, moved: Answer) -> None:
    os.kill(kernel.pid, signal.SIGINT)
    time.sleep(0.2)
    assert kernel.run("print('alive')").text() == "alive\n"


def test_replies_and_output_keep_their_order(kernel: LabKernel, moved: Answer) -> None:
    ids = [kernel.client.execute(f"print({i})") for i in range(50)]
    text, replied = "", []
    while text.count("\n") < 50:
        message = kernel.client.get_iopub_msg(timeout=20)
        text += message["content"]["text"] if message["msg_type"] == "stream" else ""
    while len(replied) < 50:
        replied.append(kernel.client.get_shell_msg(timeout=20)["parent_header"]["msg_id"])
    assert text == "".join(f"{i}\n" for i in range(50))
    assert replied == ids


def test_buffers_pass(kernel: LabKernel, moved: Answer) -> None:
    kernel.run(
        "from comm import create_comm\n"
        "import comm\n"
        "def opened(channel, message):\n"
        "    @channel.on_msg\n"
        "    def back(message):\n"
        "        channel.send({}, buffers=[b''.join(map(bytes, message['buffers']))[::-1]])\n"
        "get_ipython().kernel.comm_manager.register_target('echo', opened)"
    )
    session, channel = kernel.client.session, kernel.client.shell_channel
    session.send(channel.socket, "comm_open", {"comm_id": "c", "target_name": "echo", "data": {}})
    payload = bytes(range(256)) * 12_000
    session.send(channel.socket, "comm_msg", {"comm_id": "c", "data": {}}, buffers=[payload])
    while (message := kernel.client.get_iopub_msg(timeout=20))["msg_type"] != "comm_msg":
        pass
    assert bytes(message["buffers"][0]) == payload[::-1]


def test_who_lacks_the_key_is_not_heard(kernel: LabKernel, moved: Answer) -> None:
    """The ports are open to every user of this machine."""
    stranger = Session(key=b"a guess")
    request = stranger.serialize(stranger.msg("execute_request", {"code": "heard = 1", "allow_stdin": True}))
    shutdown = stranger.serialize(stranger.msg("shutdown_request", {"restart": False}))
    bottomless = [b"<IDS|MSG>", b"", b"[" * 200_000, b"{}", b"{}", b"{}"]
    with zmq.Context() as context:
        for channel, frames in (
            ("shell", request),
            ("control", shutdown),
            ("shell", bottomless),
            ("stdin", [b""]),
        ):
            socket = context.socket(zmq.DEALER)
            socket.connect(f"tcp://127.0.0.1:{connection_of(kernel)[f'{channel}_port']}")
            socket.send_multipart(frames)
            socket.close(linger=5000)
    assert kernel.run("print('heard' in globals())").text() == "False\n"
    assert far_pid(kernel) != kernel.pid


def test_two_clients_see_each_others_output(kernel: LabKernel, moved: Answer) -> None:
    other = kernel.new_client()
    message_id = other.execute("print('from the other')")
    assert answer_to(other, message_id).text() == "from the other\n"
    while (message := kernel.client.get_iopub_msg(timeout=20))["msg_type"] != "stream":
        pass
    assert message["content"]["text"] == "from the other\n"


def test_heart_beats(kernel: LabKernel, moved: Answer) -> None:
    assert kernel.client.hb_channel.is_beating()
