"""Fixtures of the tests that start a far side, most of them with the stand-in kernel; imported by name into
the test modules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from far_side import FarSide, booted, fresh_home, nothing_stays, ours_at, stand_in_zip

from pyteleport_jupyter.remote import kept_package


@pytest.fixture(scope="module")
def package() -> bytes:
    return stand_in_zip()


@contextmanager
def homecoming(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that all finds which is started from here; nothing may stay in it."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with fresh_home() as home:
        monkeypatch.setenv("HOME", str(home))
        yield home
        nothing_stays(home)


@pytest.fixture
def empty_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with homecoming(monkeypatch) as home:
        yield home


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, package: bytes) -> Iterator[Path]:
    """What is sent there has the stand-in for a kernel."""
    monkeypatch.setattr(kept_package, "packed_package", lambda: package)
    with homecoming(monkeypatch) as home:
        yield home


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
