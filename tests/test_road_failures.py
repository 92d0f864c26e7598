"""All that can go wrong before the cut: one sentence, the session here as it was, nothing left there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab import CellRun, Host, Lab, LabKernel

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
