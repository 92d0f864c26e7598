"""Where a program goes, and how: all of it is known before the program is looked at, which is done while the
link is being made. So little is imported here.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyteleport_jupyter.errors import OptionWrong
from pyteleport_jupyter.options import Options, make_options
from pyteleport_jupyter.remote.package_finder import PROGRAM_BOOT
from pyteleport_jupyter.scripts import streams
from pyteleport_jupyter.targets import Target, parse_target
from pyteleport_jupyter.transports import BootRequest, CommandTransport
from pyteleport_jupyter.transports.requests import ProgramStart

DEFAULT_PYTHON = "python3"


@dataclass(frozen=True)
class Trip:
    """Where to go and how; ``login``: see :class:`..transports.requests.BootRequest`."""

    target: Target
    options: Options
    start: ProgramStart
    login: bool = True

    @property
    def request(self) -> BootRequest:
        """What is wanted of the host."""
        python = self.options.python or self.target.python
        return BootRequest(python, self.options.setup, program=self.start, login=self.login)

    def with_home(self, may_come_home: bool) -> Trip:
        """The same, if the user has not said whether the program may come home."""
        if self.options.home is not None:
            return self
        return replace(self, options=replace(self.options, home=may_come_home))


def trip_to(target: str, options: Options, streams_there: Mapping[str, str] | None = None) -> Trip:
    """The way to ``target``. ``streams_there``: what the streams are to be, if not what they are here.

    Raises TargetUnknown, OptionWrong.
    """
    if options.install:
        raise OptionWrong(option="install", given="said", reason="only notebooks can have packages installed")
    return Trip(parse_target(target, options), options, program_start(streams_there))


def trip_by(argv: Sequence[str], python: str, before: str) -> Trip:
    """The way by a command; see ``pyteleport_jupyter.bash_teleport``. Raises OptionWrong."""
    if not argv or not all(isinstance(word, str) and "\0" not in word for word in argv):
        raise OptionWrong(option="argv", given=repr(argv), reason="say the command as strings")
    options = make_options(python=None if python == DEFAULT_PYTHON else python)
    transport = CommandTransport(tuple(argv), before.strip().rstrip(";").rstrip())
    return Trip(Target(f"cmd:{' '.join(argv)}", transport), options, program_start(), login=False)


def program_start(streams_there: Mapping[str, str] | None = None) -> ProgramStart:
    """An interpreter like this one, with streams like ours."""
    kinds = streams_there or streams.kinds()
    flags = (*_python_flags(), *(("-i",) if sys.flags.interactive else ()))
    terminal = streams.terminal() if kinds["stdin"] == "terminal" else None
    return ProgramStart(PROGRAM_BOOT, flags, kinds, terminal, streams.language())


def _python_flags() -> tuple[str, ...]:
    """The options that the interpreter was started with, for one that is to be like it."""
    found: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    flags = []
    words = iter(found)
    for word in words:
        flags.append(word + next(words) if word in ("-W", "-X") else word)
    flags += [f"-X{name}" if text is True else f"-X{name}={text}" for name, text in sys._xoptions.items()]
    if not sys.stdout or getattr(sys.__stdout__, "write_through", False):
        flags.append("-u")
    return tuple(dict.fromkeys(flags))
