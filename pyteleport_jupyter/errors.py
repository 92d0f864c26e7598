"""Every way a teleport can fail, each as the sentence that the user reads.

The docstring of a class *is* the message: what happened, what is untouched, what to do. Names in braces are
facts given by whoever raises. Facts may come from another machine, so they are cleaned and shortened.
"""

from __future__ import annotations

import inspect
import string
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType

FACT_LIMIT = 2000
"""Longest fact shown, in characters; a remote must not be able to flood the notebook."""

show_tracebacks = False
"""Set by ``%teleport --debug``: errors then show where in our code they came from."""


def clean(text: object) -> str:
    """``text`` without control characters (a remote may send terminal escapes) and bounded in length."""
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in str(text))
    return printable if len(printable) <= FACT_LIMIT else printable[: FACT_LIMIT - 1] + "…"


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "?"


def _blaming_jump(facts: Mapping[str, str]) -> dict[str, str]:
    """``facts`` for a sentence: where ``jump`` is one of them, it is about that jump host to ``host``."""
    host = facts.get("host", "?")
    if "jump" not in facts:
        return {"alias": host, **facts}
    return {**facts, "alias": facts["jump"], "host": f"{facts['jump']}, the jump host to {host},"}


class TeleportError(Exception):
    """The session could not be moved: {reason}. It goes on here, unchanged."""

    def __init__(self, /, **facts: object) -> None:
        self.facts: dict[str, str] = {name: clean(fact) for name, fact in facts.items()}
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The class docstring on one line, with the facts filled in."""
        template = " ".join(inspect.cleandoc(type(self).__doc__ or "{reason}").split())
        return string.Formatter().vformat(template, (), _Facts(_blaming_jump(self.facts))).strip()

    def _render_traceback_(self) -> list[str]:
        """What IPython prints in place of a traceback (IPython/core/interactiveshell.py, showtraceback)."""
        if show_tracebacks:
            return "".join(traceback.format_exception(self)).splitlines()
        return [f"{type(self).__name__}: {self.sentence()}"]

    def as_record(self) -> dict[str, object]:
        """The error as plain data, to cross a process or machine boundary."""
        return {"error": type(self).__name__, "facts": dict(self.facts)}


class TargetUnknown(TeleportError):
    """{target} is not a place to go: {reason}. Nothing was sent, the session goes on here. Say an ssh alias, user@host[:port], local, or cmd:COMMAND."""


class OptionWrong(TeleportError):
    """{option} cannot be {given}: {reason}. Nothing was sent, the session goes on here."""


class SettingsWrong(TeleportError):
    """{file} is not right: {troubles}. Nothing was sent, the session goes on here."""


class InterpreterUnsupported(TeleportError):
    """This Python ({python}) cannot be teleported: {reason}. Nothing was touched. CPython 3.11 to 3.14 (64-bit, with the GIL, without JIT) is what works."""


class KernelUnsupported(TeleportError):
    """This kernel cannot hand over its connections: {reason}. Nothing was sent, the session goes on here."""


class NotInCell(TeleportError):
    """teleport was not called from the running cell: {reason}. Nothing was sent, the session goes on here. Call it from the cell itself, not from a thread, task or callback."""


class NotInProgram(TeleportError):
    """teleport was not called from the running program: {reason}. Nothing was sent, the program goes on here."""


class ThreadsRunning(TeleportError):
    """Threads cannot be moved, and these are running: {threads}. Nothing was sent, everything goes on here. Wait for them (join), or leave them behind with --abandon-threads (in a call: abandon_threads=True)."""


class HomeRefused(TeleportError):
    """There is no way home: {reason}. Everything goes on where it is."""


class FrameRefused(TeleportError):
    """{frame} cannot be moved: {reason}. Nothing was sent, the session goes on here."""


class ObjectsRefused(TeleportError):
    """Nothing was moved, the session goes on here. Delete or close what cannot move, then teleport again, or leave it behind with --leave (in a call: leave=True). These cannot be moved: {rows}"""

    refusals: tuple[object, ...] = ()


class LeftBehind(TeleportError, AttributeError):
    """{path}, a {type}, was left behind on {host} (process {pid}): {reason}. {advice}"""

    def _render_traceback_(self) -> list[str]:
        """The user's code uses what is not there: its traceback is shown, up to where that is."""
        shell = sys.modules["IPython.core.getipython"].get_ipython()
        cut_ours_off(self.__traceback__)
        lines: list[str] = shell.InteractiveTB.structured_traceback(type(self), self, self.__traceback__)
        return lines


def cut_ours_off(traceback: TracebackType | None) -> None:
    """Let a traceback end with the last frame that is not of this package, if it has such a frame."""
    last = None
    while traceback is not None:
        if traceback.tb_frame.f_globals.get("__name__", "").partition(".")[0] != __package__:
            last = traceback
        traceback = traceback.tb_next
    if last is not None:
        last.tb_next = None


class NamesNeeded(TeleportError):
    """{names} cannot be left out with {option}: {needed_by} still uses {them}. Nothing was sent, the session goes on here."""


class TooLarge(TeleportError):
    """{size} would travel to {host} at {rate}, which takes about {time}. Nothing was changed, the session goes on here. --limit none (in a call: limit="none") sends it all the same, --exclude leaves names out."""


class VersionsDiffer(TeleportError):
    """{host} has other versions of what travels: {packages}. The session goes on here. Install the same there, or risk it with --anyway (in a call: anyway=True)."""


class InstallFailed(TeleportError):
    """What this session needs could not be installed on {host}: {reason}. The session goes on here. --fresh-env installs into an environment of its own there."""


class HostUnknown(TeleportError):
    """{host} is not known: {reason}. The session goes on here. Check the name, or add it to your ssh config."""


class HostRefused(TeleportError):
    """{host} did not accept the connection: {reason}. The session goes on here. See whether `ssh {alias}` works in a terminal."""


class AuthenticationFailed(TeleportError):
    """{host} did not let you in: {reason}. The session goes on here. See whether `ssh {alias}` works in a terminal."""


class HostKeyUnknown(TeleportError):
    """The key of {host} ({fingerprint}) is not known and was not accepted. The session goes on here. Answer yes when you are asked, or connect once with `ssh {alias}` in a terminal."""


class HostKeyChanged(TeleportError):
    """The key of {host} is not the one in {known_hosts}: it now shows {fingerprint}. This may be an attack, or the host was set up anew. The session goes on here, nothing was sent. If you are sure, remove the old key with `ssh-keygen -f '{known_hosts}' -R '{name}'`."""


class QuestionUnanswered(TeleportError):
    """{host} asks "{question}" and got no answer. The session goes on here. Where nobody sits at a terminal or notebook to answer, use keys that need no password, or connect once by hand."""


class ShellFailed(TeleportError):
    """{host} let us in but gave no usable shell: {reason}. The session goes on here."""


class SetupFailed(TeleportError):
    """--setup failed on {host} (status {status}): {reason}. The session goes on here, nothing was started there. Put `|| true` behind a command that may fail."""


class NoPython(TeleportError):
    """No Python was found on {host}: {reason}. The session goes on here. Name one with --python, or load it with --setup."""


class WrongPython(TeleportError):
    """{host} has Python {there}, this session runs {here}. The session goes on here. Name another with --python, or load it with --setup."""


class NoIpykernel(TeleportError):
    """{python} on {host} has no ipykernel{reason}. The session goes on here. Install it there (`{python} -m pip install ipykernel`), or name another Python with --python."""


class PackageMissing(TeleportError):
    """{host} lacks {packages}, which this session uses. The session goes on here. Install there what is missing (--install does), or name another Python with --python."""


class CodeDiffers(TeleportError):
    """{function} is running in this session and is another version on {host}: {reason}. The session goes on here. Install the same version on both sides."""


class DiskFull(TeleportError):
    """{host} has no room left in {directory}: {reason}. The session goes on here, nothing stays there. Make room there, then teleport again."""


class StartFailed(TeleportError):
    """The kernel on {host} did not start: {reason}. The session goes on here, nothing stays there. See whether `python -m ipykernel_launcher` starts there."""


class RestoreFailed(TeleportError):
    """The session could not be restored on {host}: {reason}. The session goes on here, nothing stays there."""


class LinkLost(TeleportError):
    """The connection to {host} broke before the move was complete: {reason}. The session goes on here."""


class LinkTimeout(TeleportError):
    """{host} did not answer within {seconds} s while we waited for {stage}. The session goes on here."""


class ProtocolBroken(TeleportError):
    """{host} sent something that is not ours: {reason}. The session goes on here, the connection was closed."""


class QuiesceFailed(TeleportError):
    """The connections of this kernel could not be brought to rest: {reason}. The session goes on here."""


class MoveCancelled(TeleportError):
    """The move to {host} was stopped. The session goes on here, nothing stays there."""


class HostKeyRevoked(TeleportError):
    """The key that {host} shows ({fingerprint}) is marked as revoked in {known_hosts}. The session goes on here, nothing was sent."""


class RequestRefused(TeleportError):
    """The move that was asked for cannot begin: {reason}. Nothing was changed, the program goes on here."""


class RequestGivenUp(TeleportError):
    """The move to {host} that was asked for was given up after {tries} tries in {seconds} s, the program goes on here. The last reason: {reason}"""


class TaskRefused(TeleportError):
    """The task {task} cannot move: it waits for {waits_for}. Nothing was changed, the session goes on here."""


class LoopRefused(TeleportError):
    """What runs in the event loop cannot move: {reason}. Nothing was changed, the session goes on here."""


class SessionGone(TeleportError):
    """The session on {host} cannot be reached any more: {reason}."""


class ErrandRefused(TeleportError):
    """The cell did not run, nothing was sent. It needs what cannot travel; leave that out with --exclude, or close it. {rows}"""


class ErrandLost(TeleportError):
    """The cell on {host} is lost: {reason}. Nothing was changed here; the next %%teleport starts anew."""


class ErrandFailed(TeleportError):
    """The cell could not be run on {host}, or what it did could not be brought here: {reason}. Nothing was changed here."""


class ErrandRaised(TeleportError):
    """{name}: {text} (raised on {host}; the exception itself could not travel)"""


class HookFailed(TeleportError):
    """{hook}, which is to be called before a move, failed: {reason}. Nothing was sent, the session goes on here."""


class ErrandsFailed(TeleportError):
    """The cell failed on some hosts. What the others ({others}) gave is in `_`. {rows}"""


class SessionUnknown(TeleportError):
    """No session {session} was found ({hosts}). It may have ended, or say HOST/ID. Nothing was changed."""


class NoSessionWaits(SessionUnknown):
    """There is no session to be taken up ({hosts}). It may have ended, or say HOST/ID. Nothing was changed."""


class SessionNotNamed(SessionUnknown):
    """There are several sessions, say which one: {sessions}. Nothing was changed."""


class OwnSession(TeleportError):
    """Session {session} is the one that you are in. %teleport home brings it home, %teleport detach lets go of it, shutting down the kernel (exit, in a terminal) ends it. Nothing was changed."""


class NothingToDetach(TeleportError):
    """{reason}. Nothing was changed."""


class SessionElsewhere(TeleportError):
    """Only this cell runs on {host}: the session itself is not here, and cannot be moved from here. Nothing was changed. Say it in a cell of its own, without %%teleport."""


class AttachRefused(TeleportError):
    """Session {session} was not taken up: {reason}. It goes on there, and nothing was changed here."""


class VariablesInTheWay(AttachRefused):
    """No session was taken up: the one here has variables of its own ({names}). Say --discard to give them up. Nothing was changed."""


def _kinds(base: type[TeleportError]) -> dict[str, type[TeleportError]]:
    found = {base.__name__: base}
    for kind in base.__subclasses__():
        found.update(_kinds(kind))
    return found


FROM_FAR_SIDE = frozenset(
    (
        "SetupFailed",
        "NoPython",
        "WrongPython",
        "NoIpykernel",
        "PackageMissing",
        "CodeDiffers",
        "InterpreterUnsupported",
        "ShellFailed",
        "DiskFull",
        "StartFailed",
        "RestoreFailed",
        "LinkLost",
        "ProtocolBroken",
        "SessionGone",
        "ErrandFailed",
    )
)
"""What a target may say about itself. That a host key has changed, or a password is wrong, is for us to find
out: such a sentence in the mouth of a stranger would only be there to make the user do something.
"""


def from_record(record: Mapping[str, object], **known: object) -> TeleportError:
    """Rebuild an error that the far side reported; any but FROM_FAR_SIDE becomes the base.

    Only these class names are honoured, and facts are text: a hostile peer can choose the words, nothing else.
    ``known`` facts (such as ``host``) win over what the record says.
    """
    honoured = str(record.get("error")) in FROM_FAR_SIDE
    return from_child(record if honoured else {**record, "error": "TeleportError"}, **known)


def from_child(record: Mapping[str, object], **known: object) -> TeleportError:
    """Rebuild an error that a child process of ours reported (the ssh it is); an unknown kind becomes the
    base.
    """
    kind = _kinds(TeleportError).get(str(record.get("error")), TeleportError)
    facts = record.get("facts")
    given = {str(k): v for k, v in facts.items()} if isinstance(facts, dict) else {}
    return kind(**{"reason": "no reason was given", **given, **known})
