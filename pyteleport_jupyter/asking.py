"""Questions of a transport (host key, password, one-time code): in the notebook's own input box, or at the
terminal.
"""

from __future__ import annotations

from typing import Any

from IPython.core.error import StdinNotImplementedError

from pyteleport_jupyter.frontends import questions
from pyteleport_jupyter.scripts.asking import ask_at_terminal
from pyteleport_jupyter.transports import Ask, Question


def ask_of(shell: Any) -> Ask:
    """Questions go to the frontend of ``shell``, or to the terminal where it has no kernel."""
    kernel = getattr(shell, "kernel", None)
    return ask_at_terminal if kernel is None else ask_in(kernel)


def ask_in(kernel: Any) -> Ask:
    """Questions go to the frontend that has asked for the move at a click, else to that of the running cell;
    one that cannot ask counts as a declined question.
    """

    def ask(question: Question) -> str | None:
        if questions.somebody_answers():
            return questions.ask(question.kind, question.text, secret=question.secret)
        prompt = f"{question.text} "
        try:
            answer: str = kernel.getpass(prompt) if question.secret else kernel.raw_input(prompt)
        except (StdinNotImplementedError, EOFError):
            return None
        return answer

    return ask
