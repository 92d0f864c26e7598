"""Sockets that accept connections, read from a network namespace's tables in /proc (proc(5))."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

TCP_LISTEN = "0A"
"""include/net/tcp_states.h"""
UNIX_ACCEPTS = 0x00010000
"""__SO_ACCEPTCON, include/uapi/linux/net.h"""


def tcp_address(field: str) -> str:
    """``0100007F:0016`` -> ``127.0.0.1:22``; the address is in the machine's byte order, word by word."""
    host, _, port = field.partition(":")
    words = [int(host[i : i + 8], 16) for i in range(0, len(host), 8)]
    packed = b"".join(struct.pack("=I", word) for word in words)
    return f"{ipaddress.ip_address(packed)}:{int(port, 16)}"


def listening_tcp(table: str) -> set[str]:
    """From the text of /proc/net/tcp or tcp6."""
    rows = [line.split() for line in table.splitlines()[1:]]
    return {f"tcp {tcp_address(row[1])}" for row in rows if row[3] == TCP_LISTEN}


def listening_unix(table: str) -> set[str]:
    """From the text of /proc/net/unix; sockets without a name count too."""
    rows = [line.split(maxsplit=7) for line in table.splitlines()[1:]]
    return {f"unix {row[7] if len(row) > 7 else '?'}" for row in rows if int(row[3], 16) & UNIX_ACCEPTS}


def listening_sockets(directory: Path) -> set[str]:
    """All of them, from a folder like /proc/PID/net."""
    found = listening_unix((directory / "unix").read_text())
    for name in ("tcp", "tcp6"):
        if (directory / name).exists():
            found |= listening_tcp((directory / name).read_text())
    return found
