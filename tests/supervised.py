"""Fixtures of the tests that run a supervisor with the stand-in kernel; imported by name into the test
modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from far_side import FarSide, booted, fresh_home, nothing_stays, ours_at, stand_in_zip

from pyteleport_jupyter.remote import package_zip


@pytest.fixture(scope="module")
def package() -> bytes:
    return stand_in_zip()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, package: bytes) -> Iterator[Path]:
    monkeypatch.setattr(package_zip, "packed_zip", lambda: package)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with fresh_home() as home:
        monkeypatch.setenv("HOME", str(home))
        yield home
        nothing_stays(home)


@pytest.fixture
def far(home: Path) -> Iterator[FarSide]:
    with booted() as far:
        yield far
        if far.channel.attached:
            far.conversation.abort(0.1)


@pytest.fixture
def live(far: FarSide) -> Iterator[FarSide]:
    far.go_live()
    yield far
    if far.channel.attached:
        far.say("end")


def kernel_of(home: Path) -> psutil.Process:
    (kernel,) = ours_at(home, "kernel")
    return kernel


def supervisor_of(home: Path) -> psutil.Process:
    (supervisor,) = ours_at(home, "supervisor")
    return supervisor
