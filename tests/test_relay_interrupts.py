"""Ctrl-C at the worst moments: nothing is left half done, and no interrupt is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from relay_lab import far_pid, lab_kernel

from pyteleport_jupyter.relay import interrupts
from pyteleport_jupyter.relay.interrupts import interrupts_postponed, python_handlers, signals_noted


class Raised(Exception):
    """By the user's own handler."""


def users_handler(number: int, frame: object) -> None:
    raise Raised


@pytest.fixture
def handlers() -> Iterator[dict[int, Any]]:
    """SIGINT as Python has it, and two of the user's that raise; all must be back at the end."""
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)}
    for number in before:
        signal.signal(number, users_handler)
    expected = {number: python_handlers()[number] for number in (signal.SIGINT, *before)}
    yield expected
    assert {number: signal.getsignal(number) for number in expected} == expected
    assert signal.set_wakeup_fd(-1) == -1
    for number, handler in before.items():
        signal.signal(number, handler)


def test_giving_up_delivers_what_was_noted(handlers: dict[int, Any]) -> None:
    def give_up() -> None:
        with signals_noted() as noted:
            os.kill(os.getpid(), signal.SIGINT)
            assert noted.numbers() == [signal.SIGINT]

    with pytest.raises(KeyboardInterrupt):
        give_up()


def test_a_handler_that_raises_keeps_no_other_from_coming_back(handlers: dict[int, Any]) -> None:
    def give_up() -> None:
        with signals_noted():
            for number in (signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2):
                os.kill(os.getpid(), number)

    with pytest.raises(Raised):
        give_up()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGUSR1])
def test_signals_while_the_handlers_come_back(
    handlers: dict[int, Any], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """At each step of putting them back, the first included."""
    put: Callable[..., Any] = signal.signal
    steps: set[int] = set()

    def put_and_send(which: int, handler: Any) -> Any:
        before = put(which, handler)
        if which not in steps:
            steps.add(which)
            os.kill(os.getpid(), number)
        return before

    with pytest.raises((KeyboardInterrupt, Raised)), signals_noted():
        monkeypatch.setattr(interrupts.signal, "signal", put_and_send)
    monkeypatch.undo()
    assert steps >= handlers.keys()


def test_postponed_is_not_lost(handlers: dict[int, Any]) -> None:
    done = []

    def speak() -> None:
        with interrupts_postponed():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("said")

    with pytest.raises(KeyboardInterrupt):
        speak()
    assert done == ["said"]


SECOND_CTRL_C = """
import os, signal
from pyteleport_jupyter.relay import cutover
from pyteleport_jupyter.wire.conversation import Conversation
def interrupt(name):
    if name == 'relay.at_rest':
        os.kill(os.getpid(), signal.SIGINT)
        raise OSError('too late')
cutover.fault = interrupt
command = Conversation.command
def interrupted(self, op, **fields):
    if op == 'abort':
        os.kill(os.getpid(), signal.SIGINT)
    command(self, op, **fields)
Conversation.command = interrupted
"""


def test_a_second_one_before_the_far_side_is_told_leaves_no_copy_there() -> None:
    """Which would be held for a quarter of an hour; ``lab_kernel`` looks for it."""
    with lab_kernel() as kernel:
        kernel.run("%load_ext pyteleport_jupyter")
        kernel.run(SECOND_CTRL_C)
        answer = kernel.run("%teleport local")
        assert answer.reply["content"]["ename"] in ("KeyboardInterrupt", "MoveCancelled")
        assert far_pid(kernel) == kernel.pid
