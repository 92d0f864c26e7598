"""Lets the user in: keys first, then what only the user can answer. Nothing that was answered is kept or
logged.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import paramiko

from pyteleport_jupyter.errors import AuthenticationFailed
from pyteleport_jupyter.transports.failures import LastWords, ParamikoLacks
from pyteleport_jupyter.transports.identities import Identities, Identity
from pyteleport_jupyter.transports.key_offer import Verdict, offer_key
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.ssh_settings import Settings

Ask = Callable[[Question], str | None]

ANSWERED_SECONDS = 60.0
"""For the server's word where nobody has to be asked."""
ASKED_SECONDS = 600.0
MOST_STEPS = 128
MOST_PROMPTS = 8
MOST_ROUNDS = 16
"""A server that asks for more than this in one go is not asking to let us in."""

ORDER = ("publickey", "keyboard-interactive", "password")
"""ssh_config(5), PreferredAuthentications, without the two that paramiko does not have."""
_SWITCHES = {
    "publickey": "pubkeyauthentication",
    "keyboard-interactive": "kbdinteractiveauthentication",
    "password": "passwordauthentication",
}


def authenticate(transport: paramiko.Transport, settings: Settings, ask: Ask, last_words: LastWords) -> None:
    """Return when the server has let ``settings.user`` in.

    Raises AuthenticationFailed with what was tried, or ParamikoLacks when a method that only the system's
    ssh has could help.
    """
    login = _Login(transport, settings, ask)
    for _ in range(MOST_STEPS):
        method = login.next_method()
        if method is None:
            break
        if login.attempt(method):
            return
        if not transport.is_active():
            raise login.failure(last_words.words or "it closed the connection")
    raise login.failure("")


@dataclass
class _Asking:
    """How often the user may still be asked, over all methods together."""

    left: int
    before: bool = False

    def start(self) -> bool:
        """Count one try; False when there is none left."""
        self.left -= 1
        return self.left >= 0

    def again(self) -> str:
        """What to put before the question when an earlier answer was wrong."""
        words = "That was not it. " if self.before else ""
        self.before = True
        return words


class _Login:
    """The state of one login: what the server takes, what is exhausted, what was tried."""

    def __init__(self, transport: paramiko.Transport, settings: Settings, ask: Ask) -> None:
        self._transport = transport
        self._settings = settings
        self._ask = ask
        self._identities = Identities(settings, ask)
        self._offers: Iterator[Identity] = self._identities.offers()
        self._asking = _Asking(0 if settings.batch else settings.password_prompts)
        self._takes: tuple[str, ...] = ()
        self._tried: list[str] = []
        self._unanswered = False
        self._exhausted = {name for name in ORDER if settings.said(_SWITCHES[name]) in ("no", "false")}

    def next_method(self) -> str | None:
        """The method to try now; None when everything is exhausted. Raises ParamikoLacks."""
        preferred = self._settings.preferred_authentications or ORDER
        usable = [name for name in preferred if name in ORDER and name not in self._exhausted]
        if not self._takes and "publickey" not in usable and "none" not in self._exhausted:
            # Else the user would be asked for what the host may not want at all.
            return "none"
        taken = [name for name in usable if not self._takes or name in self._takes]
        if "publickey" not in taken:
            self._check_methods_of_system_ssh()
        return taken[0] if taken else None

    def attempt(self, method: str) -> bool:
        """Whether the server let us in."""
        try:
            verdict = _METHODS[method](self)
        except paramiko.BadAuthenticationType as error:
            self._exhausted.add(method)
            verdict = Verdict(False, tuple(error.allowed_types))
        except paramiko.AuthenticationException:
            verdict = Verdict(False)
        except (EOFError, OSError, paramiko.SSHException):
            # The connection is gone; the caller sees it and finds the server's last words.
            self._transport.close()
            verdict = Verdict(False)
        self._takes = verdict.takes or self._takes
        return verdict.accepted

    def failure(self, reason: str) -> AuthenticationFailed:
        """Everything that helps the user to see why."""
        tried = f"tried {', '.join(dict.fromkeys(self._tried))}" if self._tried else ""
        if self._unanswered:
            reason = "the question was not answered, or nobody could be asked"
        elif not tried:
            tried = "nothing could be tried"
        takes = f"it takes {', '.join(self._takes)}" if self._takes else ""
        parts = "; ".join(filter(None, (reason, tried, takes, *self._identities.unusable)))
        refused = f"it refused {self._settings.user} ({parts})"
        return AuthenticationFailed(host=self._settings.alias, reason=refused)

    def _offer_key(self) -> Verdict:
        identity = next(self._offers, None)
        if identity is not None:
            self._tried.append(identity.label)
            seconds = ASKED_SECONDS if identity.needs_user else ANSWERED_SECONDS
            return offer_key(self._transport, self._settings.user, identity, seconds)
        self._exhausted.add("publickey")
        return Verdict(False)

    def _knock(self) -> Verdict:
        """The method "none" (RFC 4252 section 5.2) lets in where nothing is needed, else it tells what is."""
        self._exhausted.add("none")
        self._transport.auth_timeout = ANSWERED_SECONDS
        return _verdict(self._transport.auth_none(self._settings.user))

    def _ask_password(self) -> Verdict:
        password = None
        if self._asking.start():
            text = f"{self._asking.again()}{self._who()}'s password:"
            password = self._ask(Question(kind="password", text=text, secret=True))
        if password is None:
            self._unanswered = True
            return self._stop_asking()
        self._tried.append("password")
        self._transport.auth_timeout = ANSWERED_SECONDS
        return _verdict(self._transport.auth_password(self._settings.user, password, fallback=False))

    def _ask_interactively(self) -> Verdict:
        if not self._asking.start():
            return self._stop_asking()
        again = self._asking.again()
        rounds = iter(range(MOST_ROUNDS))

        def answer(title: str, instructions: str, prompts: Sequence[tuple[str, bool]]) -> list[str]:
            if next(rounds, None) is None or len(prompts) > MOST_PROMPTS:
                self._stop_asking()
            return [
                self._prompted((again, title, instructions, prompt), not echo) for prompt, echo in prompts
            ]

        self._tried.append("keyboard-interactive")
        self._transport.auth_timeout = ASKED_SECONDS
        return _verdict(self._transport.auth_interactive(self._settings.user, answer))

    def _prompted(self, words: Sequence[str], secret: bool) -> str:
        """One answer; empty once the user has declined, because the protocol wants as many answers as
        prompts.
        """
        if "keyboard-interactive" in self._exhausted:
            return ""
        text = " ".join(filter(None, (part.strip() for part in words)))
        kind = "password" if "password" in words[-1].lower() else "code"
        answer = self._ask(Question(kind=kind, text=f"{self._who()}: {text}", secret=secret))
        if answer is None:
            self._unanswered = True
            self._stop_asking()
        return answer or ""

    def _stop_asking(self) -> Verdict:
        self._exhausted |= {"keyboard-interactive", "password"}
        return Verdict(False)

    def _check_methods_of_system_ssh(self) -> None:
        """Before a password is asked for: could the user's own ssh get in without an answer?"""
        if "gssapi-with-mic" in self._takes and _has_ticket(self._settings):
            raise ParamikoLacks("the host takes a Kerberos ticket (GSSAPI)")
        if "hostbased" in self._takes and self._settings.said("hostbasedauthentication") == "yes":
            raise ParamikoLacks("the host takes host-based authentication")

    def _who(self) -> str:
        return f"{self._settings.user}@{self._settings.alias}"


_METHODS: dict[str, Callable[[_Login], Verdict]] = {
    "none": _Login._knock,
    "publickey": _Login._offer_key,
    "keyboard-interactive": _Login._ask_interactively,
    "password": _Login._ask_password,
}


def _verdict(continues: Sequence[str]) -> Verdict:
    """paramiko returns an empty list when we are in, else what has to follow (a second factor)."""
    return Verdict(not continues, tuple(continues))


def _has_ticket(settings: Settings) -> bool:
    if settings.said("gssapiauthentication") != "yes":
        return False
    klist = shutil.which("klist")
    if klist is None:
        return False
    quiet = subprocess.DEVNULL
    return subprocess.run([klist, "-s"], stdin=quiet, stdout=quiet, stderr=quiet, timeout=10).returncode == 0
