"""``jupyter qtconsole`` without a screen: its kernel moves in the midst of a cell, and comes home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONSOLE = r"""
import re, sys, time
from qtpy.QtCore import QCoreApplication, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from qtconsole.manager import QtKernelManager
from qtconsole.rich_jupyter_widget import RichJupyterWidget

application = QApplication([])
manager = QtKernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client()
client.start_channels()
console = RichJupyterWidget()
console.kernel_manager, console.kernel_client = manager, client
console.show()

def wait_for(pattern):
    deadline = time.monotonic() + 90
    while not re.search(pattern, console._control.toPlainText()):
        if time.monotonic() > deadline:
            raise TimeoutError(pattern + " is not in\n" + console._control.toPlainText())
        QCoreApplication.processEvents()
        time.sleep(0.01)

def type_in(text):
    QTest.keyClicks(console._control, text)
    QTest.keyClick(console._control, Qt.Key_Return)

def run(number, code):
    wait_for(rf"In \[{number}\]: ?$")
    console.execute(code)

try:
    run(1, "%load_ext pyteleport_jupyter\nimport os, time; first = os.getpid(); x = y = [1]")
    run(2, "for i in range(4):\n    if i == 2:\n        %teleport local\n    print(i, os.getpid() != first, x is y)\ni")
    wait_for(r"In \[3\]: ?$")
    type_in("print('hello', input('name? '))")
    wait_for(r"name\? ?$")
    type_in("ada")
    run(4, "print('wai' + 'ting', flush=True); time.sleep(600)")
    wait_for(r"\nwaiting")
    console.request_interrupt_kernel()
    run(5, "%teleport home\nos.getpid() == first, x is y")
    wait_for(r"In \[6\]: ?$")
finally:
    print(console._control.toPlainText())
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""
SHOWN = (
    "0 False True\n1 False True\n",
    "2 True True\n3 True True\n",
    "Out[2]: 3",
    "name? ada\nhello ada\n",
    "KeyboardInterrupt",
    "Out[5]: (True, True)",
)


@pytest.mark.nightly
def test_a_session_moves_and_comes_home(tmp_path: Path) -> None:
    pytest.importorskip("qtconsole")
    pytest.importorskip("PySide6")
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "QT_API": "pyside6",
        "XDG_STATE_HOME": str(tmp_path),
    }
    ran = subprocess.run(
        [sys.executable, "-c", CONSOLE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    places = [ran.stdout.replace("\u2029", "\n").index(text) for text in SHOWN]
    assert places == sorted(places)
    assert ran.stdout.index("teleported to") < places[2]
