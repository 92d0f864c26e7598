"""Two hosts of the test lab, kernels on the first, and the clock of a client."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from lab import INSIDE, NOTEBOOK, TARGET, USER_NAMESPACE, Host, Lab, LabKernel, choose_mode

SMALL_SESSION = """
%load_ext pyteleport_jupyter
import json, math, os
table = {number: math.sqrt(number) for number in range(1000)}
def where(): return os.getpid()
"""
"""What there is to move: some modules, a dictionary and a function."""

MOVE = "print('start', where(), flush=True)\n%teleport --quiet {alias}\nprint('there', where(), flush=True)"


@dataclass(frozen=True)
class Scene:
    """Where the benchmarks take place."""

    lab: Lab
    here: Host
    there: Host
    alias: str
    directory: Path


def unavailable(reason: str) -> NoReturn:
    """No lab, no benchmark."""
    raise SystemExit(f"no benchmark here: {reason}")


@contextlib.contextmanager
def scene() -> Iterator[Scene]:
    """Bring the two hosts up, in the best way this machine allows."""
    mode, obstacles = choose_mode()
    if mode is None:
        unavailable(obstacles)
    if mode == "userns" and INSIDE not in os.environ:
        os.execvpe(USER_NAMESPACE[0], [*USER_NAMESPACE, *sys.orig_argv], {**os.environ, INSIDE: "1"})
    lab = Lab(mode, unavailable)
    try:
        here, there = lab.host(NOTEBOOK.name), lab.host(TARGET.name)
        with tempfile.TemporaryDirectory(prefix="pyteleport-bench-") as directory:
            yield Scene(lab, here, there, TARGET.name, Path(directory))
    finally:
        lab.close()


@contextlib.contextmanager
def kernel(scene: Scene) -> Iterator[LabKernel]:
    """A fresh kernel on the first host, with the small session in it."""
    with tempfile.TemporaryDirectory(dir=scene.directory) as directory:
        started = LabKernel(scene.here, Path(directory))
        try:
            run = started.execute(SMALL_SESSION)
            if run.error is not None:
                raise SystemExit(f"the session cannot be set up: {run.error}")
            yield started
        finally:
            started.close()


def move(started: LabKernel, target: str) -> float:
    """Teleport; returns the seconds from the output just before the magic to the first output behind it."""
    request = started.client.execute(MOVE.format(alias=target))
    heard: dict[str, float] = {}
    while "there" not in heard:
        message = started.client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "error":
            raise SystemExit(f"the teleport failed: {message['content']['evalue']}")
        if message["msg_type"] == "stream":
            heard |= dict.fromkeys(message["content"]["text"].split(), time.monotonic())
    started.finish(request)
    return heard["there"] - heard["start"]
