"""Signals of a relay that stands for a program: noted, and passed on to it."""

from __future__ import annotations

import os
import signal

from pyteleport_jupyter.relay.processes import read_numbers

PASSED_ON = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGUSR1,
    signal.SIGUSR2, signal.SIGALRM,
)  # fmt: skip
KILLING = signal.SIGXCPU
"""Whoever has made a copy kills it by sending this to its relay: SIGKILL would only end the relay."""

NOTED = (*PASSED_ON, KILLING, signal.SIGWINCH, signal.SIGCONT, signal.SIGCHLD)


def ignore(number: int, frame: object) -> None:
    """The wakeup descriptor has the signal."""


class TerminalSignals:
    """Noted by the wakeup descriptor and read in the loop; what the caller ignores (nohup) stays ignored."""

    def __init__(self, inherited_fd: int | None) -> None:
        self.read_fd, self.wake_fd = os.pipe()
        for descriptor in (self.read_fd, self.wake_fd):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self.wake_fd, warn_on_full_buffer=False)
        for number in NOTED:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, ignore)
        if inherited_fd is not None:
            os.write(self.wake_fd, bytes(read_numbers(inherited_fd)))
            os.close(inherited_fd)
        signal.pthread_sigmask(signal.SIG_SETMASK, set())

    def numbers(self) -> list[int]:
        """The signals since the last call, those from before exec first."""
        return [number for number in read_numbers(self.read_fd) if number]


def wait_for_handlers() -> None:
    """Last act before exec: signals wait in the mask, which is inherited, until the next one has handlers.

    Handlers are gone with exec, and the default of most is death. Timers survive exec and would kill.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, NOTED)
    for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
        signal.setitimer(timer, 0)


def stop_like(number: int) -> None:
    """Be stopped as the program was, by the signal ``number``, until somebody continues us.

    Ctrl-Z stops a whole pipeline, so our process group is told. Where nobody could continue us the system
    ignores this, and it returns at once.
    """
    if number == signal.SIGSTOP:
        os.kill(os.getpid(), signal.SIGSTOP)
        return
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.killpg(os.getpgrp(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, ignore)
