"""What somebody sees and clicks in JupyterLab and Notebook: go, watch, be asked, look at the plan, lose the link,
come home. The hosts are the lab's, over ssh.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from frontends import eventually
from lab import PASSWORD, TARGET, FaultProxy, Lab
from ui_lab import (
    OPEN,
    READY,
    SECONDS,
    LabServer,
    Notebook,
    browser_page,
    chromium,
    close_all,
    dialog,
    dismiss,
    look,
    open_lab,
    pick,
    press,
    ssh_config,
    status,
    toast,
    write_notebook,
)

pytestmark = pytest.mark.timeout(600)

HERE = "import os, socket\ndef where(): return socket.gethostname()\nhome = where()\nprint('begun')"
WHERE = "print('on', where(), where() == home)"
NARROW: Any = {"width": 600, "height": 800}
ROUND_TRIP = re.compile(r"cartesius\S* · \d+ ms")
Open = Callable[..., Notebook]


@pytest.fixture(scope="module")
def server(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    chromium()
    lab.need_own_systems()
    started = LabServer(tmp_path_factory.mktemp("lab"), ssh_config(lab))
    with lab.nothing_left_on(lab.host(TARGET.name), seconds=SECONDS):
        yield started
        started.close()


@pytest.fixture(scope="module")
def page(server: LabServer) -> Iterator[Any]:
    with browser_page(chromium()) as page:
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(error))
        open_lab(page, server)
        yield page


@pytest.fixture
def opened(server: LabServer, page: Any, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a notebook with those cells; afterwards all is closed again, and nothing has gone wrong unseen."""

    def open_one(*cells: str) -> Notebook:
        return Notebook.opened(server, page, request.node.name[5:40], list(cells))

    yield open_one
    close_all(page)
    assert page.errors == []
    assert page.locator(".jp-Dialog").count() == 0


@contextmanager
def narrow(page: Any) -> Iterator[None]:
    """A window that is not wide."""
    wide = page.viewport_size
    page.set_viewport_size(NARROW)
    yield
    page.set_viewport_size(wide)


OF_THE_SHORTCUTS = "Cannot read properties of undefined (reading 'schema')"
"""What the shortcuts plugin of Notebook 7.6 throws as it starts, without our extension as well."""


@contextmanager
def another_page(page: Any) -> Iterator[Any]:
    """As another user has it: cookies and storage are its own; nothing goes wrong in it unseen."""
    context = page.context.browser.new_context(viewport=page.viewport_size)
    other = context.new_page()
    other.set_default_timeout(1000 * SECONDS)
    errors: list[Any] = []
    other.on("pageerror", lambda error: errors.append(error.message))
    yield other
    context.close()
    assert [error for error in errors if error != OF_THE_SHORTCUTS] == []


@pytest.fixture
def line(lab: Lab) -> Iterator[FaultProxy]:
    """What the link to ``cartesius-faulty`` goes through."""
    with lab.fault_proxy(TARGET.name) as proxy:
        yield proxy


def test_from_a_fresh_lab_to_there_and_home_at_a_click(server: LabServer, page: Any) -> None:
    page.locator(".jp-LauncherCard[data-category=Notebook]", has_text="Python 3").click()
    page.locator(".jp-CodeCell .cm-content").click()
    page.evaluate(READY)
    page.keyboard.insert_text(HERE)
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea-output", has_text="begun").wait_for()
    assert page.locator(".jp-teleport-status-button").count() == 0
    button = page.locator(".jp-NotebookPanel [data-command='teleport:go']").first
    button.click()
    hosts = page.locator(".jp-teleport-picker li")
    hosts.first.wait_for()
    assert {"cartesius", "huygens", "local"} <= set(hosts.all_inner_texts())
    look(page, "picker")
    page.keyboard.type("cart")
    page.keyboard.press("Enter")
    toast(page, "This session is on cartesius now")
    look(page, "arrived")
    status(page, ROUND_TRIP)
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.insert_text(WHERE)
    page.keyboard.press("Control+Enter")
    page.locator(".jp-OutputArea-output", has_text="on cartesius False").wait_for()
    page.locator(".jp-Cell[data-teleport-host=cartesius]").wait_for()
    look(page, "there")
    page.evaluate("() => { jupyterapp.commands.execute('docmanager:save'); }")
    (saved,) = (server.home / "work").glob("Untitled*.ipynb")
    assert eventually(lambda: hosts_noted(saved) == [None, {"host": "cartesius"}], SECONDS)
    page.reload()
    page.locator(".jp-Cell[data-teleport-host=cartesius]").wait_for()
    status(page, ROUND_TRIP).click()
    menu = page.locator(".lm-Menu")
    for entry in ("Teleport Session to", "Bring Session Home", "Plan a Move", "Show Teleported", "Detach"):
        menu.locator(".lm-Menu-item", has_text=entry).wait_for()
    look(page, "menu")
    menu.locator(".lm-Menu-item", has_text="Bring Session Home").click()
    status(page, "local")
    page.locator(".jp-CodeCell .cm-content").last.click()
    page.keyboard.press("Control+Enter")
    page.locator(".jp-OutputArea-output", has_text="True").wait_for()
    page.locator(".jp-Cell[data-teleport-host]").wait_for(state="detached")
    close_all(page)
    assert page.errors == []


def hosts_noted(file: Path) -> list[Any]:
    """What the metadata of the cells in ``file`` say of where they ran; empty while it is being written."""
    text = file.read_text()
    return (
        [cell["metadata"].get("pyteleport") for cell in json.loads(text)["cells"]]
        if text.rstrip().endswith("}")
        else []
    )


def test_a_lost_link_is_made_anew_and_stop_and_restart_go_there(
    page: Any, line: FaultProxy, opened: Open
) -> None:
    notebook = opened(HERE, WHERE, "import time\nprint('waits')\ntime.sleep(3600)")
    notebook.run(0, "begun")
    notebook.go("cartesius-faulty")
    status(page, ROUND_TRIP)
    notebook.run(1, "on cartesius False")
    line.cut()
    line.reset()
    status(page, re.compile("reconnecting [1-9]"))
    look(page, "reconnecting")
    line.heal()
    status(page, ROUND_TRIP)
    notebook.run(2, "waits")
    notebook.panel.locator("[data-command='notebook:interrupt-kernel']").first.click()
    notebook.panel.locator(".jp-OutputArea-output", has_text="KeyboardInterrupt").first.wait_for()
    for command, words, button in (
        ("kernelmenu:shutdown", "Shutting down ends the session on cartesius", "Shut Down"),
        ("kernelmenu:restart", "Restart ends the session on cartesius", "Restart"),
    ):
        notebook.command(command)
        asked = dialog(page, words)
        assert asked.locator("button", has_text=button).count() == 1
        look(page, command.replace(":", "-"))
        press(asked, "Cancel")
        notebook.run(1, "on cartesius False")
    notebook.command("kernelmenu:restart")
    press(dialog(page, "Restart ends the session on cartesius"), "Restart")
    page.locator(".jp-teleport-status-button").wait_for(state="detached")
    notebook.run(0, "begun")


def test_what_a_host_asks_is_asked_and_what_it_refuses_is_told(page: Any, opened: Open) -> None:
    notebook = opened(HERE, WHERE)
    notebook.run(0, "begun")
    notebook.go("cartesius-unknown")
    asked = dialog(page, "SHA256:")
    look(page, "host-key-unknown")
    press(asked, "No")
    dismiss(toast(page, "cartesius-unknown"))
    notebook.go("cartesius-changed")
    refused = toast(page, "The key of cartesius-changed is not the one")
    look(page, "host-key-changed")
    refused.locator("button", has_text="Show details").click()
    details = dialog(page, "Not moved to cartesius-changed")
    assert "This may be an attack" in details.inner_text()
    assert "Connecting to cartesius-changed" in details.inner_text()
    look(page, "details")
    press(details, "Close")
    dismiss(refused)
    notebook.go("cartesius-password")
    asked = dialog(page, "password:")
    asked.locator("input[type=password]").fill("wrong")
    look(page, "password")
    press(asked, "Answer")
    asked = dialog(page, "That was not it")
    asked.locator("input[type=password]").fill(PASSWORD)
    press(asked, "Answer")
    toast(page, "This session is on cartesius-password now")
    notebook.run(1, "on cartesius False")


def test_the_plan_and_a_move_that_leaves_things_here(page: Any, opened: Open) -> None:
    notebook = opened(
        HERE + "; big = bytearray(50_000_000); kept = [1, 2]\nlock = open(os.devnull, 'w')\n"
        "globals().update({f'v{n}': n for n in range(9900)})\nprint('filled')",
        "print(kept, type(big).__name__, type(lock).__name__, v7, where())",
    )
    notebook.run(0, "filled")
    notebook.command("teleport:plan", target="cartesius")
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
    page.locator(".jp-teleport-plan-view").evaluate("view => { view.scrollTop = 24 * 9000; }")
    page.locator(".jp-teleport-plan-row[aria-rowindex='9010']").wait_for()
    assert rows.count() < 200
    with narrow(page):
        look(page, "plan-narrow")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.locator(".jp-teleport-plan-bar button", has_text="Teleport").click()
    toast(page, "This session is on cartesius")
    notebook.run(1, "[1, 2] Tombstone Tombstone 7 cartesius")


def test_a_running_cell_moves_in_its_midst_and_shipping_can_be_stopped(
    page: Any, line: FaultProxy, opened: Open
) -> None:
    notebook = opened(
        HERE + "\ncargo = os.urandom(40_000_000)",
        "import time\nprint('runs')\nwhile where() == home: time.sleep(0.01)\nprint('went on', where(), len(cargo))",
        WHERE,
    )
    notebook.run(0, "begun")
    line.rate = 2e6
    notebook.go("cartesius-faulty")
    shipping = toast(page, re.compile(r"Shipping to cartesius-faulty: .* left"))
    status(page, "Shipping")
    look(page, "shipping")
    shipping.locator("button", has_text="Cancel").click()
    dismiss(toast(page, re.compile("stopped|cancel", re.IGNORECASE)))
    notebook.run(2, "True")
    line.rate = None
    cell = notebook.start(1)
    cell.locator(".jp-OutputArea-output", has_text="runs").first.wait_for()
    assert "in the middle of the running cell" in str(notebook.button.get_attribute("title"))
    notebook.go("cartesius-faulty")
    cell.locator(".jp-OutputArea-output", has_text="went on cartesius 40000000").first.wait_for()


def test_one_cell_runs_there_and_sessions_are_listed_taken_up_and_ended(page: Any, opened: Open) -> None:
    notebook = opened(HERE, WHERE)
    notebook.run(0, "begun")
    notebook.panel.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    notebook.panel.locator(".jp-cell-toolbar [data-command='teleport:run-cell']").first.click()
    pick(page, "cartesius")
    notebook.panel.locator(".jp-OutputArea-output", has_text="on cartesius False").wait_for()
    notebook.panel.locator(".jp-Cell[data-teleport-host=cartesius]").wait_for()
    notebook.run(1, "True")
    notebook.go("cartesius")
    status(page, ROUND_TRIP)
    notebook.run(1, "on cartesius False")
    notebook.command("teleport:doctor", target="cartesius")
    findings = dialog(page, "ipykernel")
    look(page, "doctor")
    press(findings, "Close")
    notebook.wait_idle()
    notebook.command("teleport:detach")
    press(dialog(page, "Detach from this session?"), "Detach")
    page.locator(".jp-teleport-status-button").wait_for(state="detached")
    notebook.command("teleport:sessions")
    session = page.locator(".jp-teleport-session", has_text="left over")
    session.wait_for()
    look(page, "sessions")
    session.locator(".jp-RunningSessions-itemLabel").click()
    status(page, ROUND_TRIP)
    notebook.command("teleport:sessions")
    session = page.locator(".jp-teleport-session:not(.jp-mod-left)")
    session.wait_for()
    session.hover()
    session.locator("[title='End this session']").click()
    press(dialog(page, "ends with all that is in it"), "End It")
    session.wait_for(state="detached")


def test_another_page_of_another_user_sees_the_same_also_without_our_server_extension(
    server: LabServer, page: Any, opened: Open
) -> None:
    notebook = opened("print('begun')", "print('still here')")
    notebook.run(0, "begun")
    notebook.command("teleport:go", target="cartesius")
    status(page, ROUND_TRIP)
    with another_page(page) as other:
        other.route(
            f"{server.address}/pyteleport-jupyter/**", lambda route: route.fulfill(status=404, body="{}")
        )
        open_lab(other, server)
        other.evaluate(OPEN, notebook.file.name)
        Notebook(other, notebook.file)
        status(other, ROUND_TRIP)
        assert page.locator(".jp-Dialog").count() == other.locator(".jp-Dialog").count() == 0
        notebook.command("teleport:home")
        for each in (page, other):
            status(each, "local")
        other.evaluate("() => { jupyterapp.commands.execute('teleport:sessions'); }")
        other.evaluate("() => { jupyterapp.commands.execute('teleport:go'); }")
        other.locator(".jp-teleport-picker input").wait_for()
        assert other.locator(".jp-teleport-picker li").count() == 0
        other.keyboard.press("Escape")


def test_notebook_7_goes_and_comes_home_at_a_click(server: LabServer, page: Any) -> None:
    file = write_notebook(server, "seven", [HERE, WHERE])
    with another_page(page) as other:
        other.goto(f"{server.address}/notebooks/{file.name}?token={server.token}")
        notebook = Notebook(other, file)
        notebook.run(0, "begun")
        notebook.go("cartesius")
        toast(other, "This session is on cartesius now")
        notebook.run(1, "on cartesius False")
        look(other, "notebook-7")
        notebook.command("teleport:home")
        notebook.run(1, "True")
        close_all(other)
