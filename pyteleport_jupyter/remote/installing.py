"""Packages that a session needs are installed here, before it comes: with uv if it is there, else with pip.

Asked for by the user (``--install``), and into an environment of their own if the user says so
(``--fresh-env``): a virtual environment in the cache that sees the packages of this interpreter as well, so
only what is missing has to be fetched.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from pyteleport_jupyter.remote.survey import package_versions, site_packages
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.framing import WireError
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe
from pyteleport_jupyter.wire.waiting import ready

INSTALL_SECONDS = 1800.0
"""Longest time that installing may take."""

PACKAGES_LIMIT = 2000
LINE_LIMIT = 300
LINE_SECONDS = 0.2
"""A line is passed on this often; an installer prints many."""

LAST_LINES = 8
"""So many lines at the end of a failure are its reason."""

KEPT_BYTES = 16 << 10
BASE_FILE = "pyteleport_base.pth"
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.!+_-]*")


class CannotInstall(Exception):
    """It did not work; the text is the reason."""


def answer(pipe: Pipe, command: Mapping[str, Any]) -> None:
    """Do what ``command`` asks for, and tell how it goes in ``installing`` answers, the last one ``done``.

    ``modules`` with ``paths`` are what the session needs, ``requirements`` what has to be installed for each
    (``{"yaml": "PyYAML==6.0"}``), ``fresh`` whether into an environment of their own. Raises WireError.
    """

    def tell(**facts: object) -> None:
        pipe.channel.send(Lane.COMMAND, [encode_command("installing", **facts)])
        pipe.flush()

    requirements, fresh = _requirements(command), bool(command.get("fresh"))
    try:
        wanted = _wanted(requirements, [str(path) for path in command.get("paths", ())], fresh)
        python = _install(pipe, wanted, fresh, lambda line: tell(line=line)) if wanted else ""
        tell(done=True, python=python, installed=wanted)
    except (CannotInstall, OSError, subprocess.SubprocessError) as error:
        tell(done=True, error=str(error))


def _requirements(command: Mapping[str, Any]) -> dict[str, str]:
    given = command.get("requirements")
    if not isinstance(given, dict) or len(given) > PACKAGES_LIMIT:
        raise WireError("an order to install that names no packages")
    for requirement in given.values():
        if not isinstance(requirement, str) or not _REQUIREMENT.fullmatch(requirement):
            raise WireError("an order to install something that is no package")
    return dict(given)


def _wanted(requirements: Mapping[str, str], paths: Sequence[str], fresh: bool) -> list[str]:
    """What is missing here, and for a fresh environment also what is another version here."""
    here = package_versions(list(requirements), paths)
    found = []
    for module, requirement in requirements.items():
        differs = fresh and here[module] and here[module] != requirement.partition("==")[2]
        if here[module] is None or differs:
            found.append(requirement)
    return sorted(set(found))


def _install(pipe: Pipe, wanted: list[str], fresh: bool, tell: Callable[[str], None]) -> str:
    """The interpreter that has them."""
    python = sys.executable
    if fresh:
        tell("making an environment")
        python = _environment(wanted)
    words: list[str] = []
    for line in _lines_of(pipe, _installer(python, wanted)):
        words = [*words, line][-LAST_LINES:]
        tell(line)
    if words and words[-1].startswith(_FAILED):
        raise CannotInstall(_reason(words[:-1]) or words[-1].strip("\0"))
    importlib.invalidate_caches()
    return python


def _reason(words: list[str]) -> str:
    """The last words of an installer, from where it speaks of an error."""
    first = next((number for number, line in enumerate(words) if "error" in line.lower()), 0)
    return " ".join(words[first:])


_FAILED = "\0status "


def _installer(python: str, wanted: list[str]) -> list[str]:
    """The command line that installs ``wanted`` for ``python``."""
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--no-progress", "--python", python, *wanted]
    if find_spec("pip") is None:
        raise CannotInstall("neither uv nor pip is there")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-color"]
    return [*pip, "--python", python, "install", "--progress-bar", "off", *wanted]


def _lines_of(pipe: Pipe, argv: list[str]) -> Iterator[str]:
    """What ``argv`` prints, not more often than it is worth showing, with its last lines complete; then,
    where it fails, a line with its status. Ends it when the link ends or says anything: it is called off.
    """
    process = subprocess.Popen(
        argv,
        env={**os.environ, "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield from _printed(pipe, process)
        if status := process.wait(timeout=10):
            yield f"{_FAILED}{status}"
    finally:
        _end(process)


def _printed(pipe: Pipe, process: subprocess.Popen[bytes]) -> Iterator[str]:
    if process.stdout is None:
        return
    output, text = process.stdout.fileno(), b""
    deadline, shown_at = time.monotonic() + INSTALL_SECONDS, 0.0
    while data := _read(pipe, output, deadline):
        text = (text + data)[-KEPT_BYTES:]
        if time.monotonic() - shown_at > LINE_SECONDS and (lines := _clean(text)):
            shown_at = time.monotonic()
            yield lines[-1]
    yield from _clean(text)[-LAST_LINES:]


def _read(pipe: Pipe, output: int, deadline: float) -> bytes:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise CannotInstall(f"it took longer than {INSTALL_SECONDS / 60:.0f} minutes")
        wait = min(left, pipe.channel.timeout())
        readable, _ = ready([output, pipe.read_fd], [pipe.write_fd] if pipe.wants_write else [], wait)
        if pipe.read_fd in readable and (pipe.fill() or pipe.closed):
            raise CannotInstall("it was called off")
        pipe.flush()
        if output in readable:
            return os.read(output, 1 << 16)


def _clean(text: bytes) -> list[str]:
    lines = _COLOURS.sub("", text.decode(errors="replace")).splitlines()
    return [line.strip()[:LINE_LIMIT] for line in lines if line.strip()]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _environment(wanted: list[str]) -> str:
    """A virtual environment for exactly these packages, beside those of this interpreter; kept for the next
    time.
    """
    import venv

    name = hashlib.sha256("\n".join([sys.executable, sys.version, *wanted]).encode()).hexdigest()[:16]
    base = os.environ.get("XDG_CACHE_HOME", "")
    cache = base if os.path.isabs(base) else os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "pyteleport-jupyter", "environments", name)
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(os.path.join(site_packages(python), BASE_FILE)):
        os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        venv.create(folder, clear=True, symlinks=True)
        with open(os.path.join(site_packages(python), BASE_FILE), "w", encoding="utf-8") as file:
            file.write("\n".join(_package_folders()) + "\n")
    return python


def _package_folders() -> list[str]:
    """Where this interpreter finds installed packages."""
    return [entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")]
