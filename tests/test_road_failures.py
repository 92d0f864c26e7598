"""All that can go wrong before the cut: one sentence, the session here as it was, nothing left there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import CellRun, Direction, Host, Lab, LabKernel

SETUP = """%load_ext pyteleport_jupyter
import os, socket, numpy as np
data = np.arange(1000.0)
kept = [data, data]
"""
MOVE = "total = 0\nfor i in range(3):\n    if i == 1:\n        %teleport {target}\n    total += i"
UNTOUCHED = "socket.gethostname(), kept[0] is kept[1] is data, data.sum(), i, total, 'Goal' in dir()"


@pytest.fixture
def kernel(kernel_on: Callable[[Host], LabKernel], host_a: Host, host_b: Host) -> LabKernel:
    """A kernel on the notebook's host with a session worth losing."""
    kernel = kernel_on(host_a)
    kernel.execute(SETUP)
    return kernel


def refused(kernel: LabKernel, target: str) -> CellRun:
    """Run a move that fails; one sentence is all that is shown, and the session goes on here."""
    run = kernel.execute(MOVE.format(target=target))
    assert run.error is not None, run.text()
    shown = run.reply["content"]["traceback"]
    assert shown == [run.error], "one sentence, and no traceback of ours"
    assert "The session goes on here" in run.error or "the session goes on here" in run.error
    here = kernel.execute(UNTOUCHED)
    assert here.result == f"('{kernel.host.name}', True, np.float64(499500.0), 1, 0, False)"
    assert here.reply["content"]["execution_count"] == run.reply["content"]["execution_count"] + 1
    return run


ON_THE_WAY = [
    ("cartesius", "cartesius-closed", "HostRefused: cartesius-closed did not accept the connection"),
    ("cartesius", "cartesius-refused", "AuthenticationFailed: cartesius-refused did not let you in"),
    ("cartesius", "cartesius-changed", "HostKeyChanged: The key of cartesius-changed is not the one in"),
    ("nopython", "nopython", "NoPython: No Python was found on nopython: its login shell finds no python3, "),
]
"""What one may meet before Python runs there: each transport has its own way of telling."""

BEHIND_THE_TRANSPORT = [
    ("bare", "bare", "has no ipykernel"),
    ("spare", "spare", "PackageMissing: spare lacks numpy, which this session uses"),
    ("small", "small", "DiskFull: small has no room left in"),
]


@pytest.mark.parametrize(
    ("host", "alias", "sentence", "via"),
    [
        *((*case, via) for via in ("paramiko", "ssh") for case in ON_THE_WAY),
        *((*case, "paramiko") for case in BEHIND_THE_TRANSPORT),
    ],
)
def test_a_target_that_will_not_do(
    lab: Lab, kernel: LabKernel, host: str, alias: str, sentence: str, via: str
) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host(host)):
        run = refused(kernel, f"{alias} --via {via}")
    assert run.error is not None
    assert sentence in run.error


@pytest.mark.parametrize("host", ["cartesius", "csh", "fish", "zsh", "noisy", "noisy-csh"])
def test_a_setup_that_fails_is_told_in_its_own_words(lab: Lab, kernel: LabKernel, host: str) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host(host)):
        run = refused(kernel, f"{host} --setup 'echo loading; module load python; conda activate x'")
        assert run.error == (
            f"SetupFailed: --setup failed on {host} (status 127): module: command not found. The session goes on here, "
            "nothing was started there. Put `|| true` behind a command that may fail."
        )
        run = refused(kernel, f"{host} --python python9 --setup 'echo loading'")
        assert run.error is not None
        assert f"{host}: its login shell finds no python9, not after --setup either." in run.error


def test_another_minor_version_is_named(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    with lab.nothing_left_on(lab.host("otherminor")):
        run = refused(kernel, "otherminor --python python3")
    assert run.error is not None
    assert run.error.startswith("WrongPython: otherminor has Python 3.")
    assert "this session runs 3." in run.error


def test_a_host_that_nobody_knows(lab: Lab, kernel: LabKernel) -> None:
    run = refused(kernel, "no-such-host.invalid")
    assert run.error is not None
    assert run.error.startswith("HostUnknown: no-such-host.invalid is not known")


STRANGE_SHELLS = {
    "exit 3": "ShellFailed: sh -c exit 3 let us in but gave no usable shell: it hung up.",
    "echo This account is closed. >&2": "gave no usable shell: This account is closed.",
    "exec yes": "ShellFailed: sh -c exec yes let us in but gave no usable shell: it prints too much before",
}


@pytest.mark.parametrize("script", STRANGE_SHELLS)
def test_a_shell_that_is_none(kernel: LabKernel, script: str) -> None:
    run = refused(kernel, f"\"cmd:sh -c '{script}'\"")
    assert run.error is not None
    assert STRANGE_SHELLS[script] in run.error


def test_a_shell_that_talks_as_if_it_were_ours(lab: Lab, kernel: LabKernel, host_a: Host) -> None:
    liar = "printf '<pyteleport %s>\\n' shell; printf '<pyteleport %s>[]\\n' python; exec sleep 600"
    folder = files_there(host_a, liar=liar)
    try:
        run = refused(kernel, f'"cmd:sh {host_a.home}/extra/liar"')
    finally:
        shutil.rmtree(folder)
    assert run.error is not None
    assert (
        "liar sent something that is not ours: an answer that is not JSON. The session goes on" in run.error
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--lease soon cartesius", "OptionWrong: lease cannot be 'soon': say seconds, or 15m, 2h, 1d."),
        ("--via pigeon cartesius", "UsageError: %teleport: argument --via: invalid choice: 'pigeon'"),
        (
            "there and back",
            "UsageError: %teleport: a session is at one place; copies go to several: --fork there",
        ),
        (
            "'cartesius",
            "UsageError: %teleport: No closing quotation; %teleport --help shows what is possible",
        ),
    ],
)
def test_options_that_make_no_sense(kernel: LabKernel, words: str, sentence: str) -> None:
    run = kernel.execute(MOVE.format(target=words))
    assert run.error is not None
    assert run.error.startswith(sentence)
    assert "--setup" in kernel.execute("%teleport --help").text()
    assert kernel.execute("1 + 1").result == "2"


def test_a_connection_that_breaks_on_the_way(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    with lab.fault_proxy("cartesius") as proxy:
        proxy.reset_after(Direction.TO_SERVER, 60_000)
        run = refused(kernel, "cartesius-faulty")
    assert run.error is not None
    assert run.error.startswith(
        "LinkLost: The connection to cartesius-faulty broke before the move was complete: "
    )


def test_a_host_that_never_answers(lab: Lab, kernel: LabKernel) -> None:
    kernel.execute("import pyteleport_jupyter.preparing as preparing; preparing.CONNECT_SECONDS = 1.0")
    with lab.fault_proxy("cartesius") as proxy:
        proxy.cut()
        run = refused(kernel, "cartesius-faulty")
    assert run.error == (
        "LinkTimeout: cartesius-faulty did not answer within 1 s while we waited for its shell. "
        "The session goes on here."
    )


def test_a_key_that_was_revoked(lab: Lab, kernel: LabKernel, host_a: Host) -> None:
    lab.need_own_systems()
    file = host_a.outside(f"{host_a.home}/.ssh/known_hosts")
    before = file.read_text()
    key = next(line.split(" ", 1)[1] for line in before.splitlines() if line.startswith("cartesius "))
    file.write_text(f"{before}@revoked cartesius-unknown {key}\n")
    try:
        for via in ("paramiko", "ssh"):
            run = refused(kernel, f"cartesius-unknown --via {via}")
            assert run.error is not None
            assert run.error.startswith("HostKeyRevoked: The key that cartesius-unknown shows (")
            assert "is marked as revoked in" in run.error
    finally:
        file.write_text(before)


def files_there(host: Host, **contents: str) -> Path:
    """A folder ``extra`` in the home of the host's user, as seen from here."""
    folder = host.outside(f"{host.home}/extra")
    for name, content in contents.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def test_a_kernel_that_does_not_start(lab: Lab, kernel: LabKernel, host_b: Host) -> None:
    lab.need_own_systems()
    broken = "raise ImportError('libzmq.so.5: cannot open shared object file')"
    folder = files_there(host_b, **{"ipykernel/__init__.py": broken})
    (folder / "ipykernel-7.0.0.dist-info").mkdir()
    try:
        run = refused(kernel, "cartesius --setup 'export PYTHONPATH=~/extra'")
    finally:
        shutil.rmtree(folder)
    assert run.error is not None
    assert run.error.startswith(
        "StartFailed: The kernel on cartesius did not start: ImportError: libzmq.so.5: cannot open shared object file."
    )


def test_a_running_function_that_is_another_there(
    lab: Lab, kernel: LabKernel, host_a: Host, host_b: Host
) -> None:
    """An installed one, as by ``pip install --target``: own ones travel."""
    lab.need_own_systems()
    tool = "def run(f):\n    f()\n    return {result}\n"
    installed = {
        "tool-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tool\nVersion: 1.0\n",
        "tool-1.0.dist-info/RECORD": "tool.py,,\ntool-1.0.dist-info/METADATA,,\ntool-1.0.dist-info/RECORD,,\n",
    }
    folders = [
        files_there(host, **installed, **{"tool.py": tool.format(result=host.name == "cartesius")})
        for host in (host_a, host_b)
    ]
    try:
        kernel.execute(
            "import os, sys; sys.path.append(os.path.expanduser('~/extra')); import tool\n"
            "from pyteleport_jupyter import teleport"
        )
        run = kernel.execute("tool.run(lambda: teleport('cartesius', setup='export PYTHONPATH=~/extra'))")
    finally:
        for folder in folders:
            shutil.rmtree(folder)
    assert run.error is not None
    assert run.error.startswith(
        "CodeDiffers: run (line 2 of tool.py) is running in this session and is another version on cartesius: "
    )
    assert kernel.execute("socket.gethostname()").result == "'workbench'"


def test_a_kernel_that_cannot_be_brought_to_rest(
    lab: Lab, kernel_on: Callable[..., LabKernel], host_a: Host, host_b: Host
) -> None:
    lab.need_own_systems()
    kernel = kernel_on(host_a, {"TELEPORT_FAULT": "relay.at_rest"})
    kernel.execute(SETUP)
    run = refused(kernel, "cartesius")
    assert run.error is not None
    assert run.error.startswith(
        "QuiesceFailed: The connections of this kernel could not be brought to rest: "
    )


def test_words_that_are_no_target(kernel: LabKernel) -> None:
    assert "TargetUnknown" in (refused(kernel, "user@-oProxyCommand=touch_me").error or "")


def test_objects_that_cannot_move_are_all_named_with_their_path(lab: Lab, kernel: LabKernel) -> None:
    kernel.execute(
        "import threading\nclass Box: pass\nbox = Box()\nbox.inside = {'deep': [1, socket.socket()]}\n"
        "log = open('/dev/null', 'w')"
    )
    run = refused(kernel, "cartesius")
    assert run.error is not None
    assert "These cannot be moved:" in run.error
    assert "box.inside['deep'][1]" in run.error
    assert "log" in run.error
    kernel.execute("box.inside['deep'].pop().close(); log.close(); del log")
    assert kernel.execute(MOVE.format(target="cartesius")).error is None


def test_a_frame_that_cannot_move_is_named_before_anything_is_sent(lab: Lab, kernel: LabKernel) -> None:
    kernel.execute(
        "from pyteleport_jupyter import teleport\ndef key(x):\n    teleport('cartesius')\n    return x"
    )
    run = kernel.execute("sorted([2, 1], key=key)")
    assert run.error is not None
    assert run.error.startswith("FrameRefused:")
    assert "sorted" in run.error
    assert "key" in run.error
    assert kernel.execute("socket.gethostname()").result == f"'{kernel.host.name}'"


def test_a_restore_that_fails_there(lab: Lab, kernel: LabKernel) -> None:
    lab.need_own_systems()
    kernel.execute(
        "class Fragile:\n    def __getstate__(self): return {'x': 1}\n"
        "    def __setstate__(self, state):\n"
        "        if socket.gethostname() != 'workbench': raise RuntimeError('not at home')\n"
        "box = {'deep': [1, Fragile()]}"
    )
    run = refused(kernel, "cartesius")
    assert run.error is not None
    assert run.error == (
        "RestoreFailed: The session could not be restored on cartesius: box['deep'][1] (Fragile) could not be "
        "rebuilt: RuntimeError: not at home. The session goes on here, nothing stays there."
    )


def test_not_from_a_thread(lab: Lab, kernel: LabKernel) -> None:
    run = kernel.execute(
        "import threading\nfrom pyteleport_jupyter import teleport\nsaid = []\n"
        "def go():\n    try: teleport('cartesius')\n    except Exception as e: said.append(str(e))\n"
        "t = threading.Thread(target=go); t.start(); t.join()\nsaid[0]"
    )
    assert "teleport was not called from the running cell" in (run.result or "")
