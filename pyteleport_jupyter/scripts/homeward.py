"""The road home, from the far side: the program goes back into the process that it was started in.

That process is a relay, which becomes a Python again by ``execv`` and takes the program over. Until it says
``arrived`` everything can be called off; from then on this process does nothing but wait for its end.
"""

from __future__ import annotations

import os
import sys
import termios
from dataclasses import replace
from typing import Any, NoReturn

from pyteleport_jupyter import user_hooks
from pyteleport_jupyter.errors import LinkLost
from pyteleport_jupyter.frames import check_interpreter
from pyteleport_jupyter.objects import chunks
from pyteleport_jupyter.options import Options
from pyteleport_jupyter.remote import upstream
from pyteleport_jupyter.remote.answers import expect
from pyteleport_jupyter.remote.control import INPUT, PIECE, SHIP, Control
from pyteleport_jupyter.scripts import streams
from pyteleport_jupyter.scripts.program import find_program
from pyteleport_jupyter.scripts.snapshot import Luggage, check_threads, take_snapshot
from pyteleport_jupyter.session.place import HOME, Place, current_place
from pyteleport_jupyter.wire.waiting import ready

ANSWER_SECONDS = 600.0
"""So long home may take to answer; taking over a large program is bound by the memory there."""

LOCAL_FLAGS, CHARACTERS = 3, 6
"""Places in what ``termios.tcgetattr`` returns."""


def come_home(options: Options, caller: Any, at_instruction: bool = False) -> None:
    """Go on in the process that the program was started in; returns there, or at once if it is there.

    ``at_instruction``: ``caller`` called nobody, but was stopped before an instruction.

    Raises a TeleportError, with the program going on here.
    """
    control = upstream.control()
    if control is None:
        return
    check_interpreter()
    program = replace(find_program(caller), at_instruction=at_instruction)
    check_threads(options.abandon_threads)
    home = current_place().home
    with user_hooks.leaving():
        luggage = take_snapshot(program, Place(host=home, target=HOME, pid=0, home=home))
        del program, caller
        go_home(control, luggage)


def go_home(control: Control, luggage: Luggage) -> None:
    """Ship it and let it go on there; returns if that was refused, or stopped. Raises TeleportError."""
    try:
        _ship(control, luggage)
    except (EOFError, OSError) as error:
        raise LinkLost(host=HOME, reason=error) from error
    except KeyboardInterrupt:
        control.say("cancelled")
        raise
    _wait_for_the_end(control)


def _ship(control: Control, luggage: Luggage) -> None:
    control.say("homeward", modules=list(luggage.modules))
    expect(control, "welcome", ANSWER_SECONDS)
    for piece in chunks.slices(luggage.pickled):
        for start in range(0, len(piece), PIECE):
            control.send(SHIP, piece[start : start + PIECE])
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    control.say("shipped")
    expect(control, "arrived", ANSWER_SECONDS)


def _wait_for_the_end(control: Control) -> NoReturn:
    """The program is at home. What it has not read of its input follows it; then the supervisor ends us."""
    try:
        streams.flush()
        unread = streams.take_unread() + _left_in_pipe()
        for start in range(0, len(unread), PIECE):
            control.send(INPUT, unread[start : start + PIECE])
        control.say("released")
        control.hear(b"")
    finally:
        os._exit(0)


def _left_in_pipe() -> bytes:
    """What was sent and not read."""
    if streams.is_open(0) and os.isatty(0):
        return _typed_ahead()
    found = []
    while streams.is_open(0) and ready([0], [], 0)[0]:
        data = os.read(0, 1 << 16)
        if not data:
            break
        found.append(data)
    return b"".join(found)


def _typed_ahead() -> bytes:
    """What waits in the terminal. Where lines are edited one that has no end yet cannot be read; so there are
    no lines any more, and reading waits for nothing.
    """
    attributes = termios.tcgetattr(0)
    attributes[LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    attributes[CHARACTERS][termios.VMIN] = attributes[CHARACTERS][termios.VTIME] = 0
    termios.tcsetattr(0, termios.TCSANOW, attributes)
    return b"".join(iter(lambda: os.read(0, 1 << 16), b""))
