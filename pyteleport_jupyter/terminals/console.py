"""A ``jupyter console`` on a session that was taken up: what runs there is shown until it has ended, then its
prompt comes.

In a process of its own, ``python -m pyteleport_jupyter.terminals.console FILE``: jupyter_console makes itself
at home in the one that it is in.
"""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_console.app import ZMQTerminalIPythonApp  # type: ignore[import-untyped]

ENDED = 10
"""Status of a console whose user has said ``exit``."""

LISTEN_SECONDS = 0.1
COUNT_SECONDS = 5.0


def client_of(file: str) -> BlockingKernelClient:
    """Who hears the kernel that is about to be there."""
    client = BlockingKernelClient(connection_file=file)
    client.load_connection_file()
    client.start_channels()
    return client


def show_what_runs(client: BlockingKernelClient, alive: Callable[[], bool]) -> None:
    """Show what the cell prints that runs there, until it has ended, or nobody is ``alive`` any more.

    Ctrl-C stops that cell: the relay is in our process group, and hears it itself.
    """
    asked = client.kernel_info()
    answered = False
    while alive() and not answered:
        answered = _answered(client, asked)
        while _show_one(client, asked, 0 if answered else LISTEN_SECONDS):
            pass
    sys.stdout.flush()


def _answered(client: BlockingKernelClient, asked: str) -> bool:
    try:
        reply: Any = client.get_shell_msg(timeout=0)
    except queue.Empty:
        return False
    return bool(reply["parent_header"].get("msg_id") == asked)


def _show_one(client: BlockingKernelClient, asked: str, seconds: float) -> bool:
    """Whether there was a message to be shown."""
    try:
        message: Any = client.get_iopub_msg(timeout=seconds)
    except queue.Empty:
        return False
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        (sys.stderr if content["name"] == "stderr" else sys.stdout).write(str(content["text"]))
    elif kind in ("display_data", "execute_result"):
        print(content["data"].get("text/plain", ""))
    elif kind == "error":
        print("\n".join(map(str, content["traceback"])))
    sys.stdout.flush()
    return True


class AttachedConsole(ZMQTerminalIPythonApp):  # type: ignore[misc]
    """One whose kernel was not started by it, and can be stopped nevertheless."""

    def init_shell(self) -> None:
        """At the number that the session has come to."""
        super().init_shell()
        try:
            reply = self.kernel_client.execute("", silent=True, reply=True, timeout=COUNT_SECONDS)
            self.shell.execution_count = int(reply["content"]["execution_count"]) + 1
        except (TimeoutError, RuntimeError, KeyError):
            pass  # It is found out with the first cell.

    def init_banner(self) -> None:
        """Who we are was said when the session began."""

    def handle_sigint(self, *_: object) -> None:
        """The relay hears it too."""
        if not self.shell._executing:
            raise KeyboardInterrupt

    def leave(self) -> None:
        """End at the prompt, once that is there."""
        if self.shell.pt_cli.app.is_running:
            # What the console says last, that it keeps the kernel alive, is not so.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            self.shell.confirm_exit = False
            self.shell.pt_cli.app.exit(exception=EOFError)
        else:
            asyncio.get_running_loop().call_later(LISTEN_SECONDS, self.leave)

    def handle_sigterm(self, *_: object) -> None:
        """The session has left us: our parent says how."""
        self.shell.keep_running = False
        with suppress(RuntimeError):
            # Without a loop it is ending already.
            asyncio.get_running_loop().call_soon_threadsafe(self.leave)

    def start(self) -> None:
        """With a status that says whether the session there was ended."""
        signal.signal(signal.SIGTERM, self.handle_sigterm)
        super().start()
        sys.exit(0 if self.shell.keepkernel else ENDED)


if __name__ == "__main__":
    AttachedConsole.launch_instance(["--existing", sys.argv[1]])
