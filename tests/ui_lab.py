"""JupyterLab with our extension in a real browser, for the tests of the user interface."""

from __future__ import annotations

import fcntl
import json
import os
import re
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
from lab import Lab
from lab.local_host import free_port

CHECKOUT = Path(__file__).parent.parent
BUNDLE = CHECKOUT / "js/labextension"
SECONDS = 120.0
"""For anything that a user would wait for; the machine may have much else to do."""
CONFIGURATION = {
    "ServerApp": {"jpserver_extensions": {"pyteleport_jupyter.server_extension": True, "notebook": True}},
    "LabApp": {"expose_app_in_browser": True},
    "JupyterNotebookApp": {"expose_app_in_browser": True},
}
OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension:plugin": {"renameUntitledFileOnSave": False},
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def chromium() -> str:
    """The browser of the system; without one, or what else is needed: skip, in CI an error."""
    for package in ("playwright", "jupyterlab"):
        try:
            __import__(package)
        except ModuleNotFoundError:
            missing(f"no {package}: pip install '.[ui]'")
    bundle()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or missing("no chromium")


def bundle() -> None:
    """Our extension, built; if it is being built at the moment (``make bundle`` holds a lock), wait for it."""
    folder = os.open(BUNDLE.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_SH)
    finally:
        os.close(folder)
    if not (BUNDLE / "package.json").exists():
        missing("js/ has not been built: make js")


class LabServer:
    """JupyterLab, and Notebook beside it, with a home of their own; kernels run in the environment of pytest."""

    def __init__(self, home: Path, ssh_config: str) -> None:
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
        (home / "ssh_config").write_text(ssh_config)
        environment = {**os.environ, **{name: str(path) for name, path in places.items()}}
        options = ("--no-browser", "--allow-root", f"--ServerApp.port={self.address.rpartition(':')[2]}")
        self._log = (home / "log").open("wb")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", *options, "--ServerApp.ip=127.0.0.1"),
                f"--LabApp.extra_labextensions_path={home / 'labextensions'}",
                f"--JupyterNotebookApp.extra_labextensions_path={home / 'labextensions'}",
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


def ssh_config(lab: Lab) -> str:
    """The lab's, with the few hosts of it that somebody would have."""
    blocks = lab.ssh_config.read_text().split("\n\n")
    return "\n\n".join(block for block in blocks if re.match(r"\s*Host (cartesius|huygens|\*)", block))


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


READY = """async () => {
    const panel = [...jupyterapp.shell.widgets('main')].find(widget => widget.sessionContext !== undefined);
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}"""
"""Before that a cell would not be run, whatever the indicator shows."""
SEEN = """() => {
    const panels = [...(window.jupyterapp?.shell.widgets('main') ?? [])];
    const panel = panels.find(widget => widget.sessionContext !== undefined);
    if (panel !== undefined) jupyterapp.shell.activateById(panel.id);
    return panel !== undefined && jupyterapp.shell.currentWidget === panel;
}"""
"""While JupyterLab lays its parts out, what is activated may not stay so."""
OPEN = "path => { jupyterapp.commands.execute('docmanager:open', { path }); }"
CLOSE = """async () => {
    await jupyterapp.serviceManager.sessions.shutdownAll();
    [...jupyterapp.shell.widgets('main')].forEach(widget => widget.dispose());
    document.querySelectorAll('.jp-Notification-Toast-Close').forEach(button => button.click());
}"""


def open_lab(page: Any, server: LabServer, path: str = "/lab") -> None:
    """Go to JupyterLab, and wait until it can be used."""
    page.goto(f"{server.address}{path}?token={server.token}&reset")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('teleport:doctor')")


def close_all(page: Any) -> None:
    """Close what is open, without saving it, end the kernels, and take notifications away."""
    page.evaluate(CLOSE)
    page.wait_for_function("() => document.querySelector('.Toastify__toast') === null")


THEME = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"


def look(page: Any, name: str) -> None:
    """Keep pictures, light and dark, if somebody wants to see them (TELEPORT_SCREENSHOTS names a folder)."""
    if folder := os.environ.get("TELEPORT_SCREENSHOTS"):
        for theme, file in (("JupyterLab Dark", f"{name}-dark.png"), ("JupyterLab Light", f"{name}.png")):
            page.evaluate(THEME, theme)
            page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
            page.wait_for_timeout(800)  # for the eye only: what fades in
            page.screenshot(path=f"{folder}/{file}")
            _make_small(Path(folder, file))


def _make_small(picture: Path) -> None:
    """Few colours are enough for a page without photographs."""
    from PIL import Image

    Image.open(picture).convert("RGB").quantize(256).save(picture, optimize=True)


def status(page: Any, text: str | re.Pattern[str]) -> Any:
    """The word in the status bar, when it says that."""
    found = page.locator(".jp-teleport-status-button", has_text=text)
    found.wait_for()
    return found


def toast(page: Any, text: str | re.Pattern[str]) -> Any:
    """The notification that says that."""
    found = page.locator(".Toastify__toast", has_text=text).last
    found.wait_for()
    return found


def dismiss(toast: Any) -> None:
    """Close a notification."""
    toast.locator(".jp-Notification-Toast-Close").click()
    toast.wait_for(state="detached")


def pick(page: Any, host: str) -> None:
    """Choose a host with the keyboard alone."""
    page.locator(".jp-teleport-picker input").fill(host)
    page.keyboard.press("Enter")


def dialog(page: Any, text: str | re.Pattern[str]) -> Any:
    """The dialog with that in it."""
    found = page.locator(".jp-Dialog", has_text=text)
    found.wait_for()
    return found


def press(dialog: Any, button: str) -> None:
    """Click on a button of a dialog, which closes."""
    # This one: another with the same words may open at once (a password that was wrong).
    shown = dialog.element_handle()
    dialog.locator("button", has_text=button).last.click()
    shown.wait_for_element_state("hidden")


class Notebook:
    """A notebook that is open in the page; its cells are there, and run at a word."""

    def __init__(self, page: Any, file: Path) -> None:
        """One that is being opened."""
        self.page, self.file = page, file
        page.wait_for_function(SEEN)
        page.evaluate(READY)
        self.wait_idle()

    @classmethod
    def opened(cls, server: LabServer, page: Any, name: str, cells: list[str]) -> Notebook:
        """A new one, with those cells."""
        file = write_notebook(server, name, cells)
        page.evaluate(OPEN, file.name)
        return cls(page, file)

    def command(self, name: str, **arguments: Any) -> None:
        """Execute a command of JupyterLab."""
        self.page.evaluate("([id, args]) => { jupyterapp.commands.execute(id, args); }", [name, arguments])

    @property
    def panel(self) -> Any:
        """The part of the page that is this notebook."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    @property
    def button(self) -> Any:
        """Ours in its toolbar."""
        return self.panel.locator("[data-command='teleport:go']").first

    def go(self, host: str) -> None:
        """At a click, and with the keyboard."""
        self.button.click()
        pick(self.page, host)

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


def write_notebook(server: LabServer, name: str, cells: list[str]) -> Path:
    """A notebook file with those cells where ``server`` finds it."""
    file = server.home / f"work/{name}.ipynb"
    document = {
        "cells": [code_cell(number, source) for number, source in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    file.write_text(json.dumps(document))
    return file


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
