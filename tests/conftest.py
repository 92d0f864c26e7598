"""Fixtures of the whole suite: the lab, its two main hosts, kernels on them, and the proof that nothing stays
behind.
"""

from __future__ import annotations

import getpass
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings
from lab import INSIDE, NOTEBOOK, TARGET, USER_NAMESPACE, Host, Lab, LabKernel, LabUnavailable, choose_mode

# A machine with too much to do is no failure.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

LAB_FIXTURES = {"lab", "host_a", "host_b", "leak_check", "kernel_on"}


def missing(reason: str) -> NoReturn:
    """In CI a capability that is missing is an error, elsewhere the test is skipped."""
    if os.environ.get("CI") == "true" and os.environ.get("TELEPORT_LAB") != "off":
        pytest.fail(f"CI must have this: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    """A shell that starts us in the background lets us ignore Ctrl-C, which tests press.

    Workers of pytest-xdist are where their parent is, and it does not collect: whether there will be lab tests
    is not known.
    """
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        enter_user_namespace(config)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever uses a lab fixture is a lab test (``-m 'not lab'`` leaves them out); nightly ones need
    TELEPORT_NIGHTLY."""
    for item in items:
        if LAB_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.lab)
    if not os.environ.get("TELEPORT_NIGHTLY"):
        nightly = [item for item in items if item.get_closest_marker("nightly")]
        config.hook.pytest_deselected(items=nightly)
        items[:] = [item for item in items if item not in nightly]


def pytest_collection_finish(session: pytest.Session) -> None:
    """If lab tests were chosen, the lab is to be where we can have it."""
    if any(item.get_closest_marker("lab") for item in session.items):
        enter_user_namespace(session.config)


def enter_user_namespace(config: pytest.Config) -> None:
    """If an ordinary user can have the lab only inside a user namespace, go there.

    The process becomes ``unshare ... pytest`` with the same arguments.
    """
    if config.option.collectonly or hasattr(config, "workerinput") or INSIDE in os.environ:
        return
    if choose_mode()[0] != "userns":
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    sys.stdout.flush()
    sys.stderr.flush()
    # pytest names its temporary folder after this: by uid it would be root's in there.
    environment = {**os.environ, INSIDE: "1", "LOGNAME": getpass.getuser()}
    os.execvpe(USER_NAMESPACE[0], [*USER_NAMESPACE, *sys.orig_argv], environment)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The lab, in the best mode this machine allows; without one: skip, in CI an error."""
    mode, obstacles = choose_mode()
    if mode is None:
        missing(f"no lab here: {obstacles}")
    if os.environ.get("CI") == "true" and mode not in {"root", "userns"} and "TELEPORT_LAB" not in os.environ:
        missing(f"only lab mode {mode}: {obstacles}")
    try:
        laboratory = Lab(mode, missing)
    except LabUnavailable as problem:
        missing(f"lab mode {mode}: {problem}")
    yield laboratory
    laboratory.close()


@pytest.fixture
def host_a(lab: Lab) -> Host:
    """Where the notebook starts: ``workbench``, user alice; our package is installed."""
    return lab.host(NOTEBOOK.name)


@pytest.fixture
def host_b(lab: Lab) -> Host:
    """Where it goes: ``cartesius``, user bob; nothing of ours is installed."""
    return lab.host(TARGET.name)


@pytest.fixture
def leak_check(lab: Lab, host_a: Host, host_b: Host) -> Iterator[None]:
    """Fails the test if processes, files or sockets are on either host that were not there before it."""
    with lab.nothing_left_on(host_a, host_b):
        yield


@pytest.fixture
def kernel_on(leak_check: None, tmp_path: Path) -> Iterator[Callable[..., LabKernel]]:
    """``kernel_on(host)``: a kernel there, with ``.client`` and ``.manager``; shut down, and leaks looked
    for, afterwards.
    """
    kernels: list[LabKernel] = []

    def start(host: Host, environment: Mapping[str, str] | None = None) -> LabKernel:
        kernels.append(LabKernel(host, tmp_path / f"kernel{len(kernels)}", environment))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.close()
