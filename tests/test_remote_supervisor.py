"""The supervisor with real processes: the road to a live session, its outputs, its links, and all of its
ends.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import sys
import time
import venv
from pathlib import Path
from typing import Any

import psutil
import pytest
from far_side import (
    KEY,
    FarSide,
    booted,
    eventually,
    left_in,
    nothing_stays,
    ours_at,
    parsed,
    soon,
    transcript,
)
from supervised import far, home, kernel_of, live, package, supervisor_of

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports import BootRequest
from pyteleport_jupyter.wire import Lane
from pyteleport_jupyter.wire import conversation as conversations

__all__ = ["far", "home", "live", "package"]


# ---------------------------------------------------------------- the road


def test_the_survey_says_what_is_there(far: FarSide) -> None:
    survey = far.start(modules=["zmq", "json", "no_such_module"])
    assert survey["python"] == sys.version.split()[0]
    assert survey["executable"] == sys.executable
    assert survey["ipykernel"].split(".")[0] >= "6"
    assert survey["packages"]["no_such_module"] is None
    assert survey["packages"]["json"] == ""
    assert survey["packages"]["zmq"]
    assert far.conversation.wait_for("ready", soon())


def test_the_snapshot_arrives_whole_and_only_once(far: FarSide) -> None:
    far.start()
    shipped = os.urandom(1 << 20) * 12
    prepared = far.prepare(shipped)
    assert prepared["python"] == hashlib.sha256(shipped).hexdigest()
    assert prepared["directory"] == far.landed.directory
    assert psutil.pid_exists(prepared["pid"])


def test_an_order_that_is_called_off_before_it_was_read_is_not_begun(far: FarSide, home: Path) -> None:
    """The Stop button, while the supervisor is still loading."""
    eventually(lambda: ours_at(home, "supervisor"), "a supervisor")
    supervisor_of(home).suspend()
    far.say("start", **far.order())
    far.say("abort")
    supervisor_of(home).resume()
    while not far.pipe.closed:
        assert far.conversation.pipe.fill() == []
        time.sleep(0.01)
    nothing_stays(home)


def test_while_the_kernel_does_not_read_the_sender_is_held_back(
    far: FarSide, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A snapshot far larger than all buffers, and a kernel that stands still: nobody keeps a copy."""
    far.start()
    monkeypatch.setattr(conversations, "SHIP_PATIENCE", 1.0)
    kernel_of(home).suspend()
    slices = (memoryview(bytes(1 << 18)) for _ in range(1000))
    shipped: list[int] = []
    with pytest.raises(errors.LinkTimeout, match="session to be taken"):
        far.conversation.ship(slices, shipped.append)
    assert shipped[-1] < 20 << 20
    assert supervisor_of(home).memory_info().rss < 80 << 20


def test_after_commit_cells_run_and_outputs_come_before_replies(live: FarSide) -> None:
    assert live.run("print hello there") == ["hello there"]
    # It comes by another socket than the output.
    live.until(lambda: "execute_reply" in [what for _, what in transcript(live.heard)])
    whats = [what for _, what in transcript(live.heard)]
    assert whats.index("hello there") < whats.index("execute_reply") < len(whats)
    assert [parsed(message)[0]["msg_type"] for message in live.heard if message.lane is Lane.SHELL] == [
        "execute_reply"
    ]


def test_what_the_kernel_said_before_commit_is_nobodys_output(live: FarSide) -> None:
    live.run("print first")
    assert "chatter" not in [what for _, what in transcript(live.heard)]


def test_identities_and_buffers_pass_untouched(live: FarSide) -> None:
    live.send(Lane.CONTROL, "comm_request", {"a": 1}, b"x" * 300_000, b"")
    live.until(lambda: any(message.lane is Lane.CONTROL for message in live.heard))
    (reply,) = [message for message in live.heard if message.lane is Lane.CONTROL]
    assert reply.parts[0] == b"tab"
    assert parsed(reply)[2]["buffers"] == [300_000, 0]


def test_input_is_asked_of_the_front_end_that_runs_the_cell(live: FarSide) -> None:
    identifier = live.execute("input")
    live.until(lambda: any(message.lane is Lane.STDIN for message in live.heard))
    live.send(Lane.STDIN, "input_reply", {"value": "42"})
    live.until(lambda: (identifier, "idle") in transcript(live.heard))
    assert (identifier, "42") in transcript(live.heard)


def test_a_flood_comes_complete_and_in_order_although_nobody_reads_it_for_a_while(
    live: FarSide, home: Path
) -> None:
    identifier = live.execute("flood 10000 2000")
    eventually(lambda: supervisor_of(home).cpu_times().user > 0, "it works")
    live.until(lambda: (identifier, "idle") in transcript(live.heard[-3:]))
    numbers = [int(what.split(":")[0]) for _, what in transcript(live.heard) if ":" in what]
    assert numbers == list(range(10000))


def test_the_kernel_finds_what_a_kernel_should_find(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setenv("JPY_SESSION_NAME", "notebook.ipynb")
    monkeypatch.setenv("MY_SETTING", "stays")
    shadow = home / "work"
    shadow.mkdir()
    (shadow / "pickle.py").write_text("raise SystemExit('the wrong pickle')")
    (shadow / "zmq.py").write_text("raise SystemExit('the wrong zmq')")
    monkeypatch.chdir(shadow)
    with booted() as far:
        far.go_live()
        (text,) = far.run("facts")
        facts: dict[str, Any] = json.loads(text)
        far.say("end")
    supervisor = facts["parent"]
    environment = facts["environment"]
    assert environment["JPY_PARENT_PID"] == str(supervisor)
    assert "JPY_SESSION_NAME" not in environment
    assert environment["MY_SETTING"] == "stays"
    assert not [
        name for name, value in environment.items() if "teleport" in name.lower() + value and name != "HOME"
    ]
    assert KEY not in str(environment)
    strange = [entry for entry in facts["path"] if entry in ("", str(shadow)) or entry.startswith(str(home))]
    assert strange == []
    assert facts["cwd"] == str(shadow)
    assert facts["session"]
    assert facts["can_be_interrupted"]
    assert facts["stdin"]
    assert not facts["isolated"]
    assert facts["core"] == list(resource.getrlimit(resource.RLIMIT_CORE))
    assert facts["finder"] == "PackageFinder"
    mask = os.umask(0)
    os.umask(mask)
    assert facts["umask"] == mask


def test_no_secret_is_in_argv_environment_or_file_names(live: FarSide, home: Path) -> None:
    secrets = [KEY, live.token.hex()]
    seen = [str(left_in(home)), *(str(path) for path in home.rglob("*"))]
    for process in psutil.process_iter():
        if process.pid != os.getpid():
            try:
                seen += [" ".join(process.cmdline()), str(process.environ())]
            except psutil.Error:
                continue
    assert not [text for text in seen for secret in secrets if secret in text]


def test_what_is_on_disk_is_for_us_alone(live: FarSide) -> None:
    directory = Path(live.landed.directory)
    assert directory.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes["supervisor.sock"] == modes["package.zip"] == modes["kernel.json"] == 0o600


# ------------------------------------------------------------ failures are free


def test_a_restore_that_fails_is_told_in_the_words_of_the_kernel(far: FarSide) -> None:
    far.start()
    with pytest.raises(errors.RestoreFailed, match="no module named spam"):
        far.prepare(b"fail")


def test_a_kernel_that_dies_while_restoring(far: FarSide) -> None:
    far.start()
    with pytest.raises(errors.RestoreFailed, match="MemoryError: while restoring"):
        far.prepare(b"die")


def test_a_kernel_that_cannot_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", "1")
    with booted() as far:
        far.start()
        with pytest.raises(errors.StartFailed, match="ImportError: libfoo"):
            far.conversation.wait_for("ready", soon())


def test_a_python_without_ipykernel_says_so_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    with booted(request=BootRequest(python=str(tmp_path / "bare" / "bin" / "python"))) as far:
        survey = far.start(modules=["json", "zmq"])
        assert survey["ipykernel"] is None
        assert survey["packages"] == {"json": "", "zmq": None}
        with pytest.raises(errors.LinkLost):
            far.conversation.wait_for("ready", soon())
        assert not left_in(home)


def test_a_kernel_name_that_is_not_there(far: FarSide) -> None:
    with pytest.raises(errors.StartFailed, match="no kernel called martian"):
        far.start(kernel_name="martian")


def test_flags_for_python_are_the_kernels(home: Path) -> None:
    with booted() as far:
        far.go_live(flags=["-B"])
        (text,) = far.run("facts")
        assert json.loads(text)["no_byte_code"]
        far.say("end")


@pytest.mark.parametrize("order", [{"lease": -1}, {"flags": ["-c", "evil"]}, {"flags": ["x"]}])
def test_a_strange_order_ends_it(far: FarSide, order: dict[str, Any]) -> None:
    with pytest.raises(errors.LinkLost):
        far.start(**order)


@pytest.mark.parametrize("op", ["hold", "commit", "end", "nonsense"])
def test_a_command_out_of_turn_ends_it(far: FarSide, op: str) -> None:
    far.start()
    far.conversation.command(op)
    with pytest.raises(errors.LinkLost):
        far.conversation.wait_for("never", soon())


@pytest.mark.parametrize("stage", ["landed", "started", "prepared", "held"])
def test_abort_leaves_nothing_and_only_then_hangs_up(far: FarSide, home: Path, stage: str) -> None:
    if stage != "landed":
        far.start()
    if stage in ("prepared", "held"):
        far.prepare()
    if stage == "held":
        far.hold()
    far.conversation.abort(30.0)
    assert far.pipe.closed
    assert not left_in(home)
    assert not ours_at(home, "kernel")


@pytest.mark.parametrize("stage", ["landed", "started", "prepared"])
def test_a_link_that_breaks_before_hold_leaves_nothing(far: FarSide, home: Path, stage: str) -> None:
    if stage != "landed":
        far.start()
    if stage == "prepared":
        far.prepare()
    far.lose_link()
    nothing_stays(home)


def test_a_restore_that_hangs_can_be_aborted(far: FarSide, home: Path) -> None:
    far.start()
    far.conversation.ship([memoryview(b"hang")])
    far.conversation.command("prepare")
    far.conversation.abort(30.0)
    assert not left_in(home)


# ------------------------------------------------------------------ how it ends


def test_end_takes_the_kernel_and_its_children_along(live: FarSide, home: Path) -> None:
    live.execute("sleep")
    eventually(lambda: len(ours_at(home)) == 3, "the cell has started a child")
    live.say("end")
    nothing_stays(home)


def test_a_kernel_that_ends_is_reported_after_its_last_words(live: FarSide, home: Path) -> None:
    identifier = live.execute("die 7")
    assert live.command("exited")["status"] == 7
    assert (identifier, "last words") in transcript(live.heard)
    nothing_stays(home)


def test_a_kernel_that_is_killed_is_reported(live: FarSide, home: Path) -> None:
    kernel_of(home).kill()
    assert live.command("exited")["status"] == -signal.SIGKILL


def test_a_shutdown_request_ends_it_all(live: FarSide, home: Path) -> None:
    live.send(Lane.CONTROL, "shutdown_request", {"restart": False})
    assert live.command("exited")["status"] == 0
    nothing_stays(home)


def test_a_kernel_that_stays_after_its_reply_to_the_shutdown_is_ended(live: FarSide, home: Path) -> None:
    live.send(Lane.CONTROL, "shutdown_request", {"restart": False, "stay": True})
    assert live.command("exited")["status"] == 0
    nothing_stays(home)


@pytest.mark.parametrize("way", ["end", "signal", "lease"])
def test_a_kernel_that_was_the_session_may_tell_others_before_it_ends(
    far: FarSide, home: Path, way: str
) -> None:
    far.go_live(lease=1.0 if way == "lease" else 60.0)
    far.run("tell")
    if way == "end":
        far.say("end")
    elif way == "signal":
        supervisor_of(home).terminate()
    else:
        far.lose_link()
    nothing_stays(home)
    assert (home / "told").exists()


def test_a_kernel_that_ends_without_a_link_is_reported_over_the_next(live: FarSide, home: Path) -> None:
    live.lose_link()
    kernel = kernel_of(home)
    kernel.kill()
    eventually(lambda: not psutil.pid_exists(kernel.pid), "killed")
    live.attach()
    assert live.command("exited")["status"] == -signal.SIGKILL


def test_a_supervisor_that_is_killed_takes_the_kernel_along(live: FarSide, home: Path) -> None:
    kernel = kernel_of(home)
    supervisor_of(home).kill()
    eventually(lambda: not ours_at(home), "kernel, leash and supervisor gone")
    assert not kernel.is_running() or kernel.status() == psutil.STATUS_ZOMBIE
    # Its link was up, so its leash has seen to what it left.
    nothing_stays(home)


def test_a_supervisor_that_is_told_to_end_ends_everything(live: FarSide, home: Path) -> None:
    supervisor_of(home).terminate()
    nothing_stays(home)


def test_told_to_end_before_it_got_its_order_it_leaves_nothing(far: FarSide, home: Path) -> None:
    eventually(lambda: ours_at(home, "supervisor"), "the supervisor runs")
    supervisor_of(home).terminate()
    eventually(lambda: not ours_at(home), "all gone")
    # A signal may have come before there was a handler: then the next boot on this machine sweeps up.
    for path in left_in(home):
        os.utime(path, (0, 0))
    with booted() as other:
        assert left_in(home) == [Path(other.landed.directory)]
        other.conversation.abort()


def test_the_login_may_go_but_interrupts_do_not_reach_it(live: FarSide, home: Path) -> None:
    supervisor = supervisor_of(home)
    supervisor.send_signal(signal.SIGINT)
    supervisor.send_signal(signal.SIGHUP)
    assert live.run("print still here") == ["still here"]


def test_the_lease_ends_a_session_that_nobody_comes_back_to(far: FarSide, home: Path) -> None:
    far.go_live(lease=1.0)
    far.lose_link()
    nothing_stays(home)
