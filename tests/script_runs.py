"""Running scripts that teleport, for tests: on this machine, in a private place."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
AWAY = "bash_teleport('bash', '-c')"
HEADER = "import os, sys\nfrom pyteleport_jupyter import bash_teleport, teleport\nfirst = os.getpid()\n"


@dataclass
class Scripts:
    """A folder for scripts, and the environment they run in."""

    folder: Path
    environment: dict[str, str]

    def write(self, text: str, name: str = "main.py") -> Path:
        """A script (or a module beside it) with the usual imports."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((HEADER if name == "main.py" else "") + textwrap.dedent(text))
        return path

    def start(self, *argv: str, **options: object) -> subprocess.Popen[str]:
        """Python with ``argv`` (default: main.py), its streams pipes unless ``options`` say otherwise."""
        arguments = argv or (str(self.folder / "main.py"),)
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=self.environment,
            text=True,
            **{**pipes, **options},
        )

    def run(self, text: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a script to its end."""
        self.write(text)
        return self.run_argv(typed=typed)

    def run_argv(self, *argv: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run Python with ``argv`` to its end."""
        with self.start(*argv) as process:
            out, err = process.communicate(typed, timeout=60)
        print(out, err, file=sys.stderr)  # for whoever looks into a failure
        return subprocess.CompletedProcess(argv, process.returncode, out, err)

    def processes(self) -> list[psutil.Process]:
        """What runs with this environment, of all that was started here."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("TELEPORT_TEST") == self.environment["TELEPORT_TEST"]
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found


@contextmanager
def scripts_in(folder: Path) -> Iterator[Scripts]:
    """Scripts in ``folder``; afterwards no process and no directory of ours may be left."""
    # Short, since sockets will be in it.
    runtime = Path(tempfile.mkdtemp(prefix="scripts-"))
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(REPOSITORY),
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "TELEPORT_TEST": str(folder),
        "PYTHONWARNINGS": "error",
    }
    environment.pop("PYTHONUNBUFFERED", None)
    beside = folder / "beside"
    beside.mkdir()
    scripts = Scripts(beside, environment)
    try:
        yield scripts
        # A kept kernel whose session was killed takes a minute.
        psutil.wait_procs(scripts.processes(), timeout=90)
        assert scripts.processes() == []
        assert list(runtime.rglob("*")) == []
    finally:
        for process in scripts.processes():
            process.send_signal(signal.SIGKILL)
        shutil.rmtree(runtime)


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[Scripts]:
    """Import this to have it."""
    with scripts_in(tmp_path) as found:
        yield found
