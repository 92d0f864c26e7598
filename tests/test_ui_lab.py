"""What somebody sees and clicks in JupyterLab: go, watch, be asked, look at the plan, lose the link, come home."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from frontends import eventually
from ui_lab import SECONDS, LabServer, Notebook, browser_page, chromium, close_all

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(900)]

GUARDED = """#!/bin/sh
# A host that asks for a password once, is not reached while a file says so, and whose line is slow.
[ ! -e {folder}/unreachable ] || exit 255
if [ ! -e {folder}/trusted ]; then
    stty -echo </dev/tty; printf 'Password: ' >/dev/tty; read word </dev/tty; stty echo </dev/tty
    [ "$word" = "open sesame" ] || {{ echo 'That is not it.' >&2; exit 1; }}
    touch {folder}/trusted
fi
export PATH={bin}:$PATH
[ ! -e {folder}/slow ] || exec {python} {folder}/slowly.py bash -c "$1"
exec bash -c "$1"
"""
SLOWLY = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
while data := sys.stdin.buffer.raw.read(1 << 16):
    child.stdin.write(data)
    child.stdin.flush()
    time.sleep(0.02)
"""
Open = Callable[..., Notebook]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    chromium()
    started = LabServer(tmp_path_factory.mktemp("lab"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def page(server: LabServer) -> Iterator[Any]:
    with browser_page(chromium()) as page:
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(error))
        page.goto(f"{server.address}/lab?token={server.token}&reset")
        page.locator("#jupyterlab-splash").wait_for(state="detached")
        page.locator(".jp-Launcher").first.wait_for()
        yield page


@pytest.fixture
def opened(server: LabServer, page: Any, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a notebook with those cells; afterwards all is closed again, and nothing has gone wrong unseen."""

    def open_one(*cells: str) -> Notebook:
        return Notebook(server, page, request.node.name, list(cells))

    yield open_one
    look(page, f"end-of-{request.node.name}")
    close_all(page)
    assert page.errors == []
    assert page.locator(".jp-Dialog").count() == 0


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """Folder of a host (``cmd:FOLDER/guarded``) that asks for a password."""
    python = Path(sys.executable)
    script = GUARDED.format(folder=tmp_path, bin=python.parent, python=python)
    (tmp_path / "slowly.py").write_text(SLOWLY)
    (tmp_path / "guarded").write_text(script)
    (tmp_path / "guarded").chmod(0o700)
    return tmp_path


def look(page: Any, name: str) -> None:
    """Keep a picture, if somebody wants to see it (TELEPORT_SCREENSHOTS names a folder)."""
    if folder := os.environ.get("TELEPORT_SCREENSHOTS"):
        page.wait_for_timeout(500)  # for the eye only: what fades in
        page.screenshot(path=f"{folder}/{name}.png")


def status(page: Any, text: str | re.Pattern[str]) -> Any:
    """The word in the status bar, when it says that."""
    found = page.locator(".jp-teleport-status-button", has_text=text)
    found.wait_for()
    return found


def toast(page: Any, text: str | re.Pattern[str]) -> Any:
    """The notification that says that."""
    found = page.locator(".jp-toastContainer .Toastify__toast, .Toastify__toast", has_text=text).first
    found.wait_for()
    return found


def pick(page: Any, host: str) -> None:
    """Choose a host with the keyboard alone."""
    page.locator(".jp-teleport-picker input").fill(host)
    page.keyboard.press("Enter")


def teleport_button(notebook: Notebook) -> Any:
    return notebook.panel.locator("jp-button[data-command='teleport:go'], [data-command='teleport:go']").first


def test_from_a_fresh_notebook_to_there_and_home_at_a_click(page: Any, opened: Open) -> None:
    notebook = opened(
        "x = 6; import os; here = os.getpid()\nprint('begun')", "print(x * 7, os.getpid() == here)"
    )
    notebook.run(0, "begun")
    assert page.locator(".jp-teleport-status-button").count() == 0
    teleport_button(notebook).click()
    hosts = page.locator(".jp-teleport-picker li")
    hosts.first.wait_for()
    assert {"cartesius", "huygens", "local"} <= set(hosts.all_inner_texts())
    look(page, "picker")
    pick(page, "local")
    toast(page, "This session is on")
    status(page, re.compile("ms"))
    notebook.run(1, "42 False")
    notebook.panel.locator(".jp-Cell[data-teleport-host]").wait_for()
    look(page, "there")
    page.reload()
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    status(page, re.compile("ms")).click()
    look(page, "menu")
    page.locator(".lm-Menu-item", has_text="Bring Session Home").click()
    toast(page, "This session is on")
    status(page, "local")
    notebook.run(1, "42 True")


def test_a_password_is_asked_and_a_lost_link_is_made_anew(page: Any, opened: Open, guarded: Path) -> None:
    notebook = opened("import os; here = os.getpid()\nprint('begun')", "print(os.getpid() == here)")
    notebook.run(0, "begun")
    target = f"cmd:{guarded / 'guarded'}"
    for password, end in (("wrong", "That is not it."), ("open sesame", "This session is on")):
        teleport_button(notebook).click()
        pick(page, target)
        question = page.locator(".jp-teleport-question input[type=password]")
        question.fill(password)
        look(page, f"password-{password[:5]}")
        page.keyboard.press("Enter")
        toast(page, end)
        look(page, f"answered-{password[:5]}")
    notebook.run(1, "False")
    (guarded / "unreachable").touch()
    for process in links(guarded):
        process.kill()
    status(page, re.compile("reconnecting [1-9]"))
    look(page, "reconnecting")
    (guarded / "unreachable").unlink()
    status(page, re.compile(r"guarded · \d+ ms"))
    notebook.run(1, "False")
    notebook.command("kernelmenu:restart")
    dialog = page.locator(".jp-Dialog", has_text="Restart ends the session on guarded")
    dialog.wait_for()
    look(page, "restart")
    dialog.locator("button", has_text="Restart").click()
    page.locator(".jp-teleport-status-button").wait_for(state="detached")
    notebook.wait_idle()
    assert eventually(lambda: not links(guarded), SECONDS)


def links(folder: Path) -> list[psutil.Process]:
    """The transports to the guarded host."""
    found = []
    for process in psutil.process_iter():
        try:
            if any(str(folder) in word for word in process.cmdline()) and "relay" not in process.name():
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_the_plan_and_a_move_that_leaves_things_here(page: Any, opened: Open) -> None:
    notebook = opened(
        "import os; big = bytearray(50_000_000); kept = [1, 2]; here = os.getpid()\n"
        "lock = open(os.devnull, 'w'); globals().update({f'v{n}': n for n in range(3000)})\nprint('begun')",
        "print(kept, type(big).__name__, type(lock).__name__, v7, os.getpid() == here)",
    )
    notebook.run(0, "begun")
    notebook.command("teleport:plan", target="local")
    totals = page.locator(".jp-teleport-plan-totals", has_text="1 object stays here")
    totals.wait_for()
    rows = page.locator(".jp-teleport-plan-row")
    assert "lock" in rows.first.inner_text()
    assert rows.count() < 200
    look(page, "plan")
    page.locator(".jp-teleport-plan-head button", has_text="Size").click()
    big = page.locator(".jp-teleport-plan-row", has_text="big").first
    assert big.get_attribute("aria-rowindex") == "2"
    big.locator("input").click()
    page.locator(".jp-teleport-plan-row[data-verdict=left]", has_text="big").wait_for()
    assert "50.0 MB" not in totals.inner_text()
    page.locator(".jp-teleport-plan-view").evaluate("view => { view.scrollTop = 24 * 1500; }")
    page.locator(".jp-teleport-plan-row[aria-rowindex='1510']").wait_for()
    page.locator(".jp-teleport-plan-bar button", has_text="Teleport").click()
    toast(page, "This session is on")
    notebook.run(1, "[1, 2] Tombstone Tombstone 7 False")


def test_a_running_cell_moves_in_its_midst_and_shipping_can_be_stopped(
    page: Any, opened: Open, guarded: Path
) -> None:
    (guarded / "trusted").touch()
    (guarded / "slow").touch()
    notebook = opened(
        "import os, time; cargo = os.urandom(20_000_000); here = os.getpid()\nprint('begun')",
        "end = time.monotonic() + 400\n"
        "while os.getpid() == here and time.monotonic() < end:\n    time.sleep(0.01)\n"
        "print('went on', len(cargo), os.getpid() == here)",
        "print('still', os.getpid() == here)",
    )
    notebook.run(0, "begun")
    target = f"cmd:{guarded / 'guarded'}"
    teleport_button(notebook).click()
    pick(page, target)
    shipping = toast(page, re.compile(r"Shipping to guarded: .* left"))
    status(page, "Shipping")
    look(page, "shipping")
    shipping.locator("button", has_text="Cancel").click()
    toast(page, re.compile("stopped|cancel", re.IGNORECASE))
    notebook.run(2, "still True")
    (guarded / "slow").unlink()
    cell = notebook.start(1)
    teleport_button(notebook).click()
    pick(page, target)
    cell.locator(".jp-OutputArea-output", has_text="went on 20000000 False").wait_for()


def test_one_cell_runs_there_and_sessions_are_listed(page: Any, opened: Open) -> None:
    notebook = opened(
        "%load_ext pyteleport_jupyter\nimport os; here = os.getpid()\nprint('begun')",
        "print(os.getpid() == here)",
    )
    notebook.run(0, "begun")
    status(page, "local")
    notebook.panel.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    notebook.command("teleport:run-cell", target="local")
    notebook.panel.locator(".jp-OutputArea-output", has_text="False").wait_for()
    notebook.panel.locator(".jp-Cell[data-teleport-host=local]").wait_for()
    notebook.run(1, "True")
    notebook.command("teleport:go", target="local")
    toast(page, "This session is on")
    notebook.command("teleport:sessions")
    page.locator(".jp-teleport-session", has_text="local").first.wait_for()
    look(page, "sessions")
    notebook.command("teleport:doctor", target="local")
    dialog = page.locator(".jp-Dialog", has_text="ipykernel")
    dialog.wait_for()
    look(page, "doctor")
    dialog.locator("button", has_text="Close").click()
