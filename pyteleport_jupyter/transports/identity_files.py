"""Key files: what can be read of them without a passphrase, and the keys themselves.

The private format is OpenSSH's ``PROTOCOL.key`` (``openssh-key-v1``), whose public part is readable even
when the rest is encrypted; the certificate format is ``PROTOCOL.certkeys``.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
import struct
from dataclasses import dataclass
from typing import Any

import paramiko

LARGEST_KEY_FILE = 1 << 20
CERTIFICATE_SUFFIX = "-cert-v01@openssh.com"

_MAGIC = b"openssh-key-v1\0"
_BEGIN = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_END = b"-----END OPENSSH PRIVATE KEY-----"
_PUBLIC_FIELDS = {"ssh-ed25519": 1, "ssh-rsa": 2}
"""How many strings the public part has behind the type; ECDSA (curve, point) has two as well."""


@dataclass(frozen=True)
class PublicKey:
    """Key type and blob, of a plain key or of a certificate."""

    kind: str
    blob: bytes


@dataclass(frozen=True)
class KeyFile:
    """A private key file that exists: its public part if that could be read, and whether a passphrase is
    needed.
    """

    path: str
    public: PublicKey | None
    encrypted: bool


class KeyFileUnusable(Exception):
    """A key file that is there but cannot be used; the text says why."""


def inspect_key_file(path: str) -> KeyFile:
    """What can be known about the private key in ``path`` without a passphrase.

    Raises FileNotFoundError, and KeyFileUnusable where OpenSSH refuses as well (others can read the file).
    """
    data = _read(path)
    public, encrypted = _openssh_header(data)
    if public is None:
        encrypted = b"ENCRYPTED" in data
    return KeyFile(path, public or read_public_key(f"{path}.pub"), encrypted)


def load_private_key(path: str, passphrase: str | None = None) -> paramiko.PKey:
    """The key in ``path``. Raises KeyFileUnusable: wrong passphrase, unknown kind, damaged file."""
    try:
        # Bytes, though paramiko's annotation says str: cryptography takes nothing else.
        password: Any = passphrase.encode() if passphrase is not None else None
        return paramiko.PKey.from_path(path, password)
    except Exception as error:
        # cryptography and paramiko raise a dozen unrelated types here (ValueError, TypeError, ...).
        raise KeyFileUnusable(f"{path}: {type(error).__name__}") from None


def read_public_key(path: str) -> PublicKey | None:
    """The public key or certificate in a one-line file (``type base64 comment``); None if there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            words = file.read(LARGEST_KEY_FILE).split()
        blob = base64.b64decode(words[1], validate=True)
        return PublicKey(_strings(blob, 1)[0].decode(), blob)
    except (OSError, IndexError, ValueError, binascii.Error, struct.error):
        return None


def certified_key(certificate: PublicKey) -> PublicKey | None:
    """The plain key that ``certificate`` is about; None if it is no certificate of a kind known here."""
    if not certificate.kind.endswith(CERTIFICATE_SUFFIX):
        return None
    kind = certificate.kind.removesuffix(CERTIFICATE_SUFFIX)
    fields = _strings(certificate.blob, 2 + _PUBLIC_FIELDS.get(kind, 2))
    return PublicKey(kind, b"".join(map(_packed, (kind.encode(), *fields[2:]))))


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileUnusable(f"{path} is not a file")
        if mode & 0o077 and os.fstat(file.fileno()).st_uid == os.getuid():
            raise KeyFileUnusable(f"others can read {path} (mode {stat.S_IMODE(mode):04o})")
        return file.read(LARGEST_KEY_FILE)


def _openssh_header(data: bytes) -> tuple[PublicKey | None, bool]:
    """(public key, encrypted?) from the unencrypted head of an OpenSSH private key."""
    if _BEGIN not in data:
        return None, False
    try:
        body = base64.b64decode(data.split(_BEGIN, 1)[1].split(_END, 1)[0])
        cipher, _, _ = _strings(body[len(_MAGIC) :], 3)
        offset = len(_MAGIC) + sum(4 + len(part) for part in _strings(body[len(_MAGIC) :], 3)) + 4
        (blob,) = _strings(body[offset:], 1)
        return PublicKey(_strings(blob, 1)[0].decode(), blob), cipher != b"none"
    except (ValueError, struct.error, binascii.Error):
        return None, False


def _strings(data: bytes, count: int) -> list[bytes]:
    """The first ``count`` length-prefixed strings of ``data`` (RFC 4251 section 5). Raises ValueError if it
    is too short.
    """
    found: list[bytes] = []
    offset = 0
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data, offset)
        part = data[offset + 4 : offset + 4 + length]
        if len(part) != length:
            raise ValueError("the key ends too early")
        found.append(part)
        offset += 4 + length
    return found


def _packed(part: bytes) -> bytes:
    return struct.pack(">I", len(part)) + part
