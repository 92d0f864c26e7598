"""Another session in this terminal for a while: the one here waits at its prompt until that is left."""

from __future__ import annotations

import signal
import subprocess
import sys

from pyteleport_jupyter.relay.entry import package_folder

ATTACH = """\
import sys
sys.path.insert(0, sys.argv.pop(1))
from pyteleport_jupyter.command_line import main
sys.exit(main())
"""


def visit(session: str | None) -> int:
    """As ``pyteleport attach`` (:mod:`.taking_up`), in a process of its own, which has the terminal
    meanwhile; its exit status.
    """
    name = [] if session is None else [session]
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # It is in our process group: Ctrl-Z stops us both, and Ctrl-C is for what runs there.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        command = [sys.executable, "-c", ATTACH, package_folder(), "attach", *name]
        return subprocess.run(command, check=False).returncode
    finally:
        signal.signal(signal.SIGINT, before)
