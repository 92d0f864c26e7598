"""known_hosts files: what is known about a host's keys, and how a key that the user accepted is written
down.

The format is described in sshd(8), SSH_KNOWN_HOSTS FILE FORMAT: markers, patterns with wildcards and
negation, hashed names, ports.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

LARGEST_FILE = 16 << 20
"""Bytes read of one file; lines beyond it are not seen, so a host there counts as unknown."""

_HASHED = "|1|"


@dataclass(frozen=True)
class HostKey:
    """A public key: its type (``ssh-ed25519``) and its blob as it goes over the wire (RFC 4253 section
    6.6).
    """

    kind: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """``SHA256:…`` as ``ssh-keygen -l`` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"

    @property
    def short_kind(self) -> str:
        """``ED25519``, ``ECDSA``, ``RSA``: how OpenSSH names it to users."""
        return self.kind.removeprefix("ssh-").removeprefix("rsa-").split("-")[0].upper()


@dataclass(frozen=True)
class Line:
    """One line of a known_hosts file: marker (``""``, ``@revoked``, ``@cert-authority``), host patterns,
    key.
    """

    marker: str
    hosts: str
    key: HostKey
    file: str


@dataclass(frozen=True)
class Known:
    """What the files say about one host: its keys, the revoked ones, and whether an authority vouches for
    it.
    """

    keys: tuple[Line, ...] = ()
    revoked: tuple[Line, ...] = ()
    authorities: tuple[Line, ...] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types of the keys, in the order of the files."""
        return tuple(dict.fromkeys(line.key.kind for line in self.keys))

    def has(self, key: HostKey) -> bool:
        """Whether exactly this key is on file."""
        return any(line.key == key for line in self.keys)

    def has_revoked(self, key: HostKey) -> bool:
        """Whether exactly this key is marked as revoked."""
        return any(line.key == key for line in self.revoked)


def look_up(name: str, files: Iterable[str]) -> Known:
    """What ``files`` say about ``name`` (``host`` or ``[host]:port``, lower case); missing files say
    nothing.
    """
    found = [line for file in files for line in _read(file) if _matches(name, line.hosts)]
    return Known(
        keys=tuple(line for line in found if not line.marker),
        revoked=tuple(line for line in found if line.marker == "@revoked"),
        authorities=tuple(line for line in found if line.marker == "@cert-authority"),
    )


def parse_line(text: str, file: str = "") -> Line | None:
    """One line as data; None for a comment, an empty line, or one that is not understood."""
    words = text.split()
    marker = words.pop(0) if words and words[0].startswith("@") else ""
    if len(words) < 3 or words[0].startswith("#"):
        return None
    try:
        blob = base64.b64decode(words[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    return Line(marker, words[0], HostKey(words[1], blob), file)


def remember(name: str, key: HostKey, file: str, *, hashed: bool) -> None:
    """Append ``key`` of ``name`` to ``file``, which is created with mode 0600 (its folder with 0700) when
    missing.

    One write with O_APPEND, so that lines of others who write at the same time stay whole. Raises OSError.
    """
    os.makedirs(os.path.dirname(file) or ".", mode=0o700, exist_ok=True)
    written = f"{hash_name(name) if hashed else name} {key.kind} {base64.b64encode(key.blob).decode()}\n"
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, (b"" if _ends_with_newline(descriptor) else b"\n") + written.encode())
    finally:
        os.close(descriptor)


def hash_name(name: str, salt: bytes | None = None) -> str:
    """``|1|salt|hash``, the form that HashKnownHosts asks for: HMAC-SHA1 of the name with a salt of 20
    bytes.
    """
    salt = os.urandom(20) if salt is None else salt
    digest = hmac.new(salt, name.encode(), hashlib.sha1).digest()
    return f"{_HASHED}{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


def _read(file: str) -> Iterator[Line]:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            text = opened.read(LARGEST_FILE)
    except OSError:
        return
    for row in text.splitlines():
        line = parse_line(row, file)
        if line is not None:
            yield line


def _matches(name: str, hosts: str) -> bool:
    if hosts.startswith(_HASHED):
        return _matches_hash(name, hosts)
    patterns = hosts.lower().split(",")
    if any(_fits(name, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return False
    return any(_fits(name, pattern) for pattern in patterns if not pattern.startswith("!"))


def _fits(name: str, pattern: str) -> bool:
    # Only * and ? are special in OpenSSH; [host]:port must not become a character class.
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _matches_hash(name: str, hosts: str) -> bool:
    try:
        salt = base64.b64decode(hosts.split("|")[2], validate=True)
    except (binascii.Error, ValueError, IndexError):
        return False
    return hmac.compare_digest(hash_name(name, salt).encode(), hosts.encode())


def _ends_with_newline(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
