"""Is this the host that the user means? Strict: unknown keys are asked for once, changed and revoked ones
are refused.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from pyteleport_jupyter.errors import HostKeyChanged, HostKeyRevoked, HostKeyUnknown
from pyteleport_jupyter.transports.known_hosts import HostKey, Known, look_up, remember
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.ssh_settings import Settings

Ask = Callable[[Question], str | None]

RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
"""An ``ssh-rsa`` key signs with one of these (RFC 8332); the negotiation names the signature, known_hosts
the key.
"""


def known_keys(settings: Settings) -> Known:
    """What the user's and the system's files say about the host of ``settings``."""
    return look_up(settings.known_as, (*settings.user_known_hosts, *settings.global_known_hosts))


def preferred_algorithms(known: Known, offered: Sequence[str]) -> tuple[str, ...]:
    """``offered`` with those first that make the host show a key we already know: else a known host would
    look unknown.
    """
    wanted: list[str] = []
    for kind in known.kinds:
        wanted += RSA_SIGNATURES if kind == "ssh-rsa" else (kind,)
    return tuple(sorted(offered, key=lambda name: name not in wanted))


def check_host_key(settings: Settings, known: Known, key: HostKey, ask: Ask) -> None:
    """Return if ``key`` may be trusted. Raises HostKeyChanged, HostKeyRevoked or HostKeyUnknown; there is
    no way round.
    """
    if known.has_revoked(key):
        raise HostKeyRevoked(
            host=settings.alias, fingerprint=key.fingerprint, known_hosts=known.revoked[0].file
        )
    if known.has(key):
        return
    if known.keys:
        raise HostKeyChanged(
            host=settings.alias,
            fingerprint=_described(key),
            known_hosts=known.keys[0].file,
            name=settings.known_as,
        )
    if _known_without_port(settings, key):
        return
    _accept_unknown(settings, key, ask)


def _known_without_port(settings: Settings, key: HostKey) -> bool:
    """OpenSSH accepts a key on another port that it knows for the host itself (sshconnect.c,
    check_host_key).
    """
    if settings.host_key_alias or settings.port == 22:
        return False
    known = look_up(settings.hostname.lower(), (*settings.user_known_hosts, *settings.global_known_hosts))
    return known.has(key) and not known.has_revoked(key)


def _accept_unknown(settings: Settings, key: HostKey, ask: Ask) -> None:
    if settings.strict_host_keys == "yes" or (settings.batch and settings.strict_host_keys == "ask"):
        raise HostKeyUnknown(host=settings.alias, fingerprint=_described(key))
    if settings.strict_host_keys == "ask" and not _confirmed(settings, key, ask):
        raise HostKeyUnknown(host=settings.alias, fingerprint=_described(key))
    _remember(settings, key)


def _confirmed(settings: Settings, key: HostKey, ask: Ask) -> bool:
    text = (
        f"{settings.known_as} is not known yet. Its {key.short_kind} key is {key.fingerprint}. "
        "Connect, and remember this key? (yes/no)"
    )
    answer = (ask(Question(kind="confirm", text=text, secret=False)) or "").strip()
    return answer.lower() in ("yes", "y") or answer == key.fingerprint


def _remember(settings: Settings, key: HostKey) -> None:
    """A file that cannot be written is no reason to refuse a key that the user has accepted: it is asked
    again next time.
    """
    file = settings.user_known_hosts[0] if settings.user_known_hosts else os.devnull
    if file == os.devnull:
        return
    try:
        remember(settings.known_as, key, file, hashed=settings.hash_known_hosts)
    except OSError as error:
        print(f"the key of {settings.alias} could not be remembered: {error}", file=sys.stderr)


def _described(key: HostKey) -> str:
    return f"{key.short_kind} {key.fingerprint}"
