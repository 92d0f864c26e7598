"""JupyterLab with our extension in a real browser, for the tests of the user interface."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import missing
from frontends import eventually
from lab.local_host import free_port

CHECKOUT = Path(__file__).parent.parent
BUNDLE = CHECKOUT / "js/labextension"
SECONDS = 90.0
CONFIGURATION = {
    "ServerApp": {"jpserver_extensions": {"pyteleport_jupyter.server_extension": True}},
    "LabApp": {"expose_app_in_browser": True},
}
OVERRIDES = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def chromium() -> str:
    """The browser of the system; without one, or what else is needed: skip, in CI an error."""
    for package in ("playwright", "jupyterlab"):
        try:
            __import__(package)
        except ModuleNotFoundError:
            missing(f"no {package}: pip install '.[ui]'")
    if not (BUNDLE / "package.json").exists():
        missing("js/ has not been built: make js")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or missing("no chromium")


class LabServer:
    """A JupyterLab with a home of its own; kernels run in the environment of pytest."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.token = secrets.token_hex(16)
        self.address = f"http://127.0.0.1:{free_port()}"
        folders = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
        places = {f"JUPYTER_{name}": home / name.lower() for name in folders}
        lab = ("SETTINGS_DIR", "WORKSPACES_DIR", "APP_SETTINGS")
        places |= {f"JUPYTERLAB_{name}": home / name.lower() for name in lab}
        places |= {"XDG_STATE_HOME": home / "state", "TELEPORT_SSH_CONFIG": home / "ssh_config"}
        places["PYTHONPATH"] = CHECKOUT
        for folder in ("config_dir", "labextensions", "work"):
            (home / folder).mkdir()
        shutil.copytree(BUNDLE, home / "labextensions/pyteleport-jupyter")
        (home / "config_dir/jupyter_server_config.json").write_text(json.dumps(CONFIGURATION))
        (home / "config_dir/labconfig").mkdir()
        (home / "config_dir/labconfig/default_setting_overrides.json").write_text(json.dumps(OVERRIDES))
        (home / "ssh_config").write_text("Host cartesius huygens\n  User ada\n")
        environment = {**os.environ, **{name: str(path) for name, path in places.items()}}
        options = ("--no-browser", "--allow-root", f"--ServerApp.port={self.address.rpartition(':')[2]}")
        self._log = (home / "log").open("wb")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", *options, "--ServerApp.ip=127.0.0.1"),
                f"--LabApp.extra_labextensions_path={home / 'labextensions'}",
                f"--ServerApp.root_dir={home / 'work'}",
            ],
            env={**environment, "JUPYTER_TOKEN": self.token},
            stdout=self._log,
            stderr=self._log,
        )
        assert eventually(self._answers, SECONDS), "no JupyterLab"

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.home / "log").read_text()
        try:
            with urllib.request.urlopen(f"{self.address}/api", timeout=SECONDS):
                return True
        except OSError:
            return False

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)
        self._log.close()


@contextmanager
def browser_page(executable: str) -> Iterator[Any]:
    """A page of a browser that runs without a screen (playwright's ``Page``)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(1000 * SECONDS)
        yield page
        browser.close()


OPEN = """async path => {
    const panel = await jupyterapp.commands.execute('docmanager:open', { path });
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""
"""Before that a cell would not be run, whatever the indicator shows."""
CLOSE = """async () => {
    await jupyterapp.serviceManager.sessions.shutdownAll();
    [...jupyterapp.shell.widgets('main')].forEach(widget => widget.dispose());
}"""


def close_all(page: Any) -> None:
    """Close what is open, without saving it, and end the kernels."""
    page.evaluate(CLOSE)


class Notebook:
    """A notebook that is open in the page; its cells are there, and run at a word."""

    def __init__(self, server: LabServer, page: Any, name: str, cells: list[str]) -> None:
        self.page = page
        document = {
            "cells": [code_cell(number, source) for number, source in enumerate(cells)],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        self.name = f"{name}.ipynb"
        (server.home / "work" / self.name).write_text(json.dumps(document))
        page.evaluate(OPEN, self.name)
        self.wait_idle()

    def command(self, name: str, **arguments: Any) -> None:
        """Execute a command of JupyterLab."""
        self.page.evaluate("([id, args]) => { jupyterapp.commands.execute(id, args); }", [name, arguments])

    @property
    def panel(self) -> Any:
        """The part of the page that is this notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def wait_idle(self) -> None:
        """Until the kernel has nothing to do."""
        self.panel.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()

    def start(self, number: int) -> Any:
        """Run a cell; its node."""
        cell = self.panel.locator(".jp-CodeCell").nth(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        return cell

    def run(self, number: int, shows: str) -> None:
        """Run a cell and wait until its output has that text."""
        self.start(number).locator(".jp-OutputArea-output", has_text=shows).first.wait_for()


def code_cell(number: int, source: str) -> dict[str, Any]:
    """As nbformat 4.5 has it."""
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "source": source,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
