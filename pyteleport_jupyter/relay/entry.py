"""How a process becomes a relay: what follows ``python -I -S`` in the call of exec."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

HERE = os.path.dirname(os.path.abspath(__file__))
FROM_FILE = (os.path.join(HERE, "__main__.py"),)
FROM_ZIP = (
    "-c",
    "import sys, zipimport; exec(zipimport.zipimporter(sys.argv.pop(1)).get_code('__main__'))",
    HERE,
)
"""The same program where this package is served from a zip: on a host that the session moved to, and
leaves."""

RELAY_PROGRAM = FROM_FILE if os.path.exists(*FROM_FILE) else FROM_ZIP
"""What follows ``python -I -S``; the descriptor of the baggage comes last."""


def package_folder() -> str:
    """Where the interpreter that starts without site-packages finds this package."""
    return os.path.dirname(os.path.dirname(HERE))


def relay_argv(descriptor: int) -> list[str]:
    """The command line of a relay whose baggage is behind ``descriptor``."""
    return [sys.executable, "-I", "-S", *RELAY_PROGRAM, str(descriptor)]


def become_relay(descriptor: int, inherited: tuple[int, ...]) -> NoReturn:
    """Replace this process by the relay. Raises OSError if the system refuses."""
    for number in (descriptor, *inherited):
        os.set_inheritable(number, True)
    argv = relay_argv(descriptor)
    os.execv(argv[0], argv)
