"""The keys that can be offered to a host, in OpenSSH's order: certificates, the agent's keys, key files,
encrypted key files.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import paramiko
from paramiko.agent import AgentSSH

from pyteleport_jupyter.transports.identity_files import (
    KeyFile,
    KeyFileUnusable,
    PublicKey,
    certified_key,
    inspect_key_file,
    load_private_key,
    read_public_key,
)
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.ssh_settings import Settings

Ask = Callable[[Question], str | None]
Sign = Callable[[bytes, str | None], bytes]
"""(data, algorithm) -> signature in wire format; an empty one when the key's owner declined."""

AGENT_SECONDS = 60.0
"""For the agent to answer; it may be asking the user to confirm or to touch a key."""
PASSPHRASE_TRIES = 3
MOST_IDENTITIES = 64


@dataclass(frozen=True)
class Identity:
    """A key that can be offered. ``needs_user``: signing asks the user something, so the server is asked
    first.
    """

    label: str
    public: PublicKey
    sign: Sign
    needs_user: bool = False


class Identities:
    """Everything there is to offer, and the reasons why something could not be."""

    def __init__(self, settings: Settings, ask: Ask) -> None:
        self._settings = settings
        self._ask = ask
        self.unusable: list[str] = []
        self._files = self._key_files()

    def offers(self) -> Iterator[Identity]:
        """The identities in the order in which they are to be tried, none twice."""
        plain = [*self._from_agent(), *self._from_files()]
        seen: set[bytes] = set()
        for identity in [*self._certified(plain), *plain][:MOST_IDENTITIES]:
            if identity.public.blob not in seen:
                seen.add(identity.public.blob)
                yield identity

    def _key_files(self) -> list[KeyFile]:
        found = []
        for path in self._settings.identity_files:
            try:
                found.append(inspect_key_file(path))
            except KeyFileUnusable as error:
                self.unusable.append(str(error))
            except OSError:
                self._public_half(path, found)
        return found

    def _public_half(self, path: str, found: list[KeyFile]) -> None:
        """IdentityFile may name a key that only the agent has; ``path.pub`` is its public half then."""
        public = read_public_key(f"{path}.pub")
        if public is not None:
            found.append(KeyFile(path, public, encrypted=False))

    def _from_agent(self) -> list[Identity]:
        named = {file.public.blob for file in self._files if file.public}
        held = _agent_identities(self._settings.identity_agent, self.unusable)
        chosen = [identity for identity in held if identity.public.blob in named]
        return chosen if self._settings.identities_only else chosen + [i for i in held if i not in chosen]

    def _from_files(self) -> list[Identity]:
        identities = [identity for identity in map(self._from_file, self._files) if identity]
        return sorted(identities, key=lambda identity: identity.needs_user)

    def _from_file(self, file: KeyFile) -> Identity | None:
        if not file.encrypted:
            return self._unlocked(file)
        if file.public is None:
            # The old PEM format hides the public half too: nothing to ask the server about before the
            # passphrase is known.
            key = self._ask_passphrase(file)
            return _of_private_key(file.path, key) if key else None
        return Identity(file.path, file.public, self._signs_after_unlocking(file), needs_user=True)

    def _unlocked(self, file: KeyFile) -> Identity | None:
        try:
            return _of_private_key(file.path, load_private_key(file.path))
        except KeyFileUnusable as error:
            self.unusable.append(str(error))
            return None

    def _signs_after_unlocking(self, file: KeyFile) -> Sign:
        unlocked: list[paramiko.PKey] = []

        def sign(data: bytes, algorithm: str | None) -> bytes:
            if not unlocked:
                key = self._ask_passphrase(file)
                if key is None:
                    return b""
                unlocked.append(key)
            return _signature(unlocked[0], data, algorithm)

        return sign

    def _ask_passphrase(self, file: KeyFile) -> paramiko.PKey | None:
        for attempt in range(0 if self._settings.batch else PASSPHRASE_TRIES):
            again = "That was not it. " if attempt else ""
            text = f"{again}Passphrase of the key {file.path}:"
            passphrase = self._ask(Question(kind="passphrase", text=text, secret=True))
            if not passphrase:
                break
            try:
                return load_private_key(file.path, passphrase)
            except KeyFileUnusable:
                continue
        self.unusable.append(f"{file.path} was not unlocked")
        return None

    def _certified(self, plain: Iterable[Identity]) -> Iterator[Identity]:
        """Each certificate together with the key it is about; also ``KEY-cert.pub`` beside a key file."""
        beside = [f"{path}-cert.pub" for path in self._settings.identity_files]
        signers = {identity.public.blob: identity for identity in plain}
        for path in dict.fromkeys((*self._settings.certificate_files, *beside)):
            certificate = read_public_key(path)
            key = certified_key(certificate) if certificate else None
            signer = signers.get(key.blob) if key else None
            if certificate and signer:
                yield Identity(path, certificate, signer.sign, signer.needs_user)


def _agent_identities(path: str | None, unusable: list[str]) -> list[Identity]:
    if path is None:
        return []
    try:
        keys = _Agent(path).get_keys()
    except (OSError, paramiko.SSHException) as error:
        unusable.append(f"the agent did not answer: {error}")
        return []
    return [_of_agent_key(key) for key in keys[:MOST_IDENTITIES]]


class _Agent(AgentSSH):
    """paramiko's own Agent takes its socket from the environment only; IdentityAgent has no part in it."""

    def __init__(self, path: str) -> None:
        super().__init__()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(AGENT_SECONDS)
        connection.connect(path)
        self._connect(connection)  # type: ignore[attr-defined]


def _of_agent_key(key: paramiko.AgentKey) -> Identity:
    label = f"{key.comment or key.get_name()} (agent)"
    touched = key.get_name().startswith("sk-")
    return Identity(label, PublicKey(key.get_name(), key.blob), _signer(key), needs_user=touched)


def _of_private_key(path: str, key: paramiko.PKey) -> Identity:
    return Identity(path, PublicKey(key.get_name(), key.asbytes()), _signer(key))


def _signer(key: paramiko.PKey) -> Sign:
    return lambda data, algorithm: _signature(key, data, algorithm)


def _signature(key: paramiko.PKey, data: bytes, algorithm: str | None) -> bytes:
    """Empty when the agent refuses: the server then says no, and the next key has its turn."""
    try:
        signed = key.sign_ssh_data(data, algorithm)
    except (OSError, paramiko.SSHException):
        return b""
    return signed if isinstance(signed, bytes) else signed.asbytes()
