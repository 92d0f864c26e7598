"""Environments with and without a package, and a kernel in one of them that teleports to processes here."""

from __future__ import annotations

import ensurepip
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from jupyter_client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from pyteleport_jupyter.remote import kept_package

ROOT = Path(__file__).parent.parent
SECONDS = 60.0


def environment_in(folder: Path, **packages: str) -> str:
    """An interpreter that has what this one has, and empty packages of these versions; its path."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = folder / "lib" / minor / "site-packages"
    (site / "base.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n")
    for name, version in packages.items():
        for path, content in contents(name, version).items():
            (site / path).parent.mkdir(exist_ok=True)
            (site / path).write_text(content)
    return str(folder / "bin" / "python")


def give_pip(python: str) -> dict[str, str]:
    """Let an interpreter have pip, as the wheel that comes with Python; a search path without uv."""
    # Distributions take the wheels out of ensurepip, and say where they are (ensurepip/__init__.py).
    kept = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled"
    (wheel,) = Path(kept).glob("pip-*.whl")
    (site,) = Path(python).parent.parent.glob("lib/*/site-packages")
    (site / "pip.pth").write_text(f"{wheel}\n")
    folders = [folder for folder in os.get_exec_path() if not Path(folder, "uv").exists()]
    return {"PATH": os.pathsep.join(folders)}


def contents(name: str, version: str) -> dict[str, str]:
    """The files of a package that holds one class."""
    metadata = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"VERSION = {version!r}\nclass Thing:\n    def version(self): return VERSION\n",
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{metadata}/INSTALLER": "tests\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{metadata}/RECORD"])
    return {**files, f"{metadata}/RECORD": record}


def wheel_in(folder: Path, name: str, version: str) -> None:
    """A wheel of that package."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, content in contents(name, version).items():
            archive.writestr(path, content)


class Answer:
    """What a cell has printed and shown, and its error."""

    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.messages = messages

    def _texts(self, *kinds: str) -> list[str]:
        found = [message["content"] for message in self.messages if message["msg_type"] in kinds]
        return [content["text"] if "text" in content else content["data"]["text/plain"] for content in found]

    @property
    def text(self) -> str:
        return "".join(self._texts("stream"))

    @property
    def shown(self) -> list[str]:
        return self._texts("display_data", "update_display_data")

    @property
    def error(self) -> str:
        texts = [m["content"]["traceback"] for m in self.messages if m["msg_type"] == "error"]
        return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(texts[0])) if texts else ""


def give_package(cache: Path) -> None:
    """Let who has this cache find what is sent packed already: that takes a second for each."""
    kept_package.packed_package()
    folder = cache / "pyteleport-jupyter"
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):  # it could not be kept
        shutil.copy(kept_package.path_of_kept(), folder)


class LocalKernel:
    """A kernel of ``python`` here, with the extension loaded; its sessions teleport to ``local``."""

    def __init__(self, folder: Path, python: str = sys.executable, **environment: str) -> None:
        path, _ = write_connection_file(str(folder / "kernel.json"), transport="ipc", ip=str(folder / "k"))
        give_package(folder / "cache")
        self.errors = open(folder / "errors", "wb")  # noqa: SIM115
        self.process = subprocess.Popen(
            [python, "-m", "ipykernel_launcher", "-f", path],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "XDG_CACHE_HOME": str(folder / "cache"),
                "JPY_PARENT_PID": str(os.getpid()),
                **environment,
            },
            cwd=folder,
            stderr=self.errors,
            start_new_session=True,
        )
        self.client = BlockingKernelClient(connection_file=path)
        self.client.load_connection_file()
        self.client.start_channels(hb=False)
        self.client.wait_for_ready(timeout=SECONDS)

    def __enter__(self) -> LocalKernel:
        assert not self.run("%load_ext pyteleport_jupyter").error
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.client.shutdown()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.client.stop_channels()
        self.client.context.destroy(linger=0)
        self.errors.close()

    def run(self, code: str, answer: str | None = None) -> Answer:
        """One cell to its end; ``answer`` is given to what it asks."""
        request = self.client.execute(code, allow_stdin=answer is not None)
        messages: list[dict[str, Any]] = []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if answer is not None and self.client.stdin_channel.msg_ready():
                messages.append(self.client.get_stdin_msg(timeout=1))
                self.client.input(answer)
            if not self.client.iopub_channel.socket.poll(50):
                continue
            message = self.client.get_iopub_msg(timeout=1)
            if message["parent_header"].get("msg_id") == request:
                messages.append(message)
                if message["content"].get("execution_state") == "idle":
                    return Answer(messages)
        raise AssertionError(f"the cell did not end: {messages[-3:]}")
