"""Questions of a transport (host key, password, one-time code), asked at the terminal."""

from __future__ import annotations

import os

from pyteleport_jupyter.transports import Question


def ask_at_terminal(question: Question) -> str | None:
    """The answer that is typed; where nobody sits at a terminal the question counts as declined.

    What is redirected stays out of it: the terminal of the process is asked, as ssh does.
    """
    if question.secret:
        return _typed_unseen(question.text)
    try:
        with open("/dev/tty", "r+b", buffering=0) as terminal:
            terminal.write(f"{question.text} ".encode())
            line = terminal.readline()
    except OSError:
        return None
    return line.decode(errors="replace").rstrip("\n") if line else None


def _typed_unseen(text: str) -> str | None:
    """``getpass`` asks the terminal too; without one it would read stdin, which is the program's."""
    import getpass

    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
        return getpass.getpass(f"{text} ")
    except (EOFError, OSError):
        return None
