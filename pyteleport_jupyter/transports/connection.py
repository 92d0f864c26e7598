"""Makes an authenticated paramiko transport to a host, through its jump hosts where there are some."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable

import paramiko
from paramiko.packet import Packetizer

from pyteleport_jupyter.errors import HostRefused, TeleportError
from pyteleport_jupyter.transports import jump_hosts, proxy
from pyteleport_jupyter.transports.authentication import authenticate
from pyteleport_jupyter.transports.failures import (
    LastWords,
    ParamikoLacks,
    listen_to_last_words,
    of_socket,
    without_number,
)
from pyteleport_jupyter.transports.host_keys import check_host_key, known_keys, preferred_algorithms
from pyteleport_jupyter.transports.known_hosts import HostKey, Known
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.paramiko_limits import check_limits
from pyteleport_jupyter.transports.ssh_settings import Settings, read_settings

Ask = Callable[[Question], str | None]
Stream = socket.socket | paramiko.Channel

MOST_JUMPS = 8
FAST_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
"""The order of preference: gcm is 1.4 to 1.7 times as fast as paramiko's own first choice. CBC and 3DES are
left out.
"""
WEAK_DIGESTS = ("hmac-sha1", "hmac-md5", "hmac-sha1-96", "hmac-md5-96")

_FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}


class LongLivedKeys(Packetizer):
    """Leaves the change of session keys to the server.

    paramiko asks for new keys after 2**29 bytes, and as the receiver of a large stream it then often loses
    a race and hangs until the connection is dropped. sshd renews the keys of AES itself (RekeyLimit, by
    default after 2**32 blocks).
    """

    REKEY_BYTES = 1 << 40
    REKEY_BYTES_OVERFLOW_MAX = 1 << 40


class Connector:
    """Opens connections on behalf of one user who can be asked; ``opened`` has all transports, jump hosts
    first.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._last_words = listen_to_last_words()
        self.opened: list[paramiko.Transport] = []

    def open(self, settings: Settings) -> paramiko.Transport:
        """A transport to the host of ``settings``, where its user is let in. Raises TeleportError or
        ParamikoLacks.
        """
        return self._open(settings, MOST_JUMPS)

    def _open(self, settings: Settings, jumps_left: int, stream: Stream | None = None) -> paramiko.Transport:
        check_limits(settings)
        known = known_keys(settings)
        if known.authorities and not known.keys:
            raise ParamikoLacks("a certificate authority vouches for the host's key")
        stream = stream or self._reach(settings, jumps_left)
        transport = _handshake(stream, settings, known, self._last_words)
        self.opened.append(transport)
        key = transport.get_remote_server_key()
        check_host_key(settings, known, HostKey(key.get_name(), key.asbytes()), self._ask)
        authenticate(transport, settings, self._ask, self._last_words)
        transport.set_keepalive(int(settings.alive_seconds))
        return transport

    def _reach(self, settings: Settings, jumps_left: int) -> Stream:
        if settings.proxy_command:
            return proxy.run_command(settings)
        if settings.proxy_jump:
            return self._jump(settings, jumps_left)
        return connect_socket(settings)

    def _jump(self, settings: Settings, jumps_left: int) -> Stream:
        """Through each jump host in turn. Only the first may itself be reached by a proxy, as with ``ssh
        -J``.
        """
        stream: Stream | None = None
        hops = [read_settings(hop) for hop in jump_hosts.parse_jumps(settings)]
        for hop, following in zip(hops, [*hops[1:], settings], strict=True):
            if jumps_left <= 0:
                raise HostRefused(
                    host=settings.alias, reason=f"it is behind more than {MOST_JUMPS} jump hosts"
                )
            jumps_left -= 1
            with jump_hosts.blaming(hop, settings.alias):
                transport = self._open(hop, jumps_left, stream)
            stream = proxy.open_through(transport, hop, following)
        return stream if stream is not None else connect_socket(settings)


def connect_socket(settings: Settings) -> socket.socket:
    """A TCP connection to the host, the first of its addresses that answers. Raises HostUnknown or
    HostRefused.
    """
    family = _FAMILIES.get(settings.said("addressfamily"), socket.AF_UNSPEC)
    try:
        addresses = socket.getaddrinfo(settings.hostname, settings.port, family, socket.SOCK_STREAM)
    except OSError as error:
        raise of_socket(settings.alias, error) from None
    failure: TeleportError = HostRefused(host=settings.alias, reason="it has no address")
    for kind, _, protocol, _, address in addresses:
        try:
            return _connected(socket.socket(kind, socket.SOCK_STREAM, protocol), address, settings)
        except OSError as error:
            failure = of_socket(settings.alias, error)
    raise failure


def _connected(stream: socket.socket, address: tuple[object, ...], settings: Settings) -> socket.socket:
    try:
        stream.settimeout(settings.connect_seconds)
        bound_to = settings.said("bindaddress")
        if bound_to:
            stream.bind((bound_to, 0))
        # Without it a write behind a write waits for the acknowledgement of the first: one round trip more.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream.connect(address)
    except BaseException:
        stream.close()
        raise
    return stream


def _handshake(stream: Stream, settings: Settings, known: Known, last_words: LastWords) -> paramiko.Transport:
    transport = paramiko.Transport(stream, packetizer_class=LongLivedKeys)
    transport.banner_timeout = transport.handshake_timeout = settings.connect_seconds
    _choose_algorithms(transport, settings, known)
    try:
        transport.start_client(timeout=settings.connect_seconds)
    except paramiko.ssh_exception.IncompatiblePeer as error:
        raise ParamikoLacks(f"there is no algorithm in common ({error})") from None
    except (paramiko.SSHException, OSError, EOFError) as error:
        reason = last_words.words or without_number(error) or "it closed the connection at once"
        raise HostRefused(host=settings.alias, reason=reason) from None
    if not transport.initial_kex_done:
        raise HostRefused(host=settings.alias, reason="it did not agree on keys in time")
    return transport


def _choose_algorithms(transport: paramiko.Transport, settings: Settings, known: Known) -> None:
    """What paramiko can do, the user's configuration allows, and we prefer."""
    options = transport.get_security_options()
    options.ciphers = _allowed(FAST_CIPHERS, settings, "ciphers")
    digests = [name for name in options.digests if name not in WEAK_DIGESTS]
    options.digests = _allowed(digests, settings, "macs")
    options.kex = _allowed(options.kex, settings, "kexalgorithms")
    keys = _allowed(options.key_types, settings, "hostkeyalgorithms")
    options.key_types = preferred_algorithms(known, keys)


def _allowed(names: Iterable[str], settings: Settings, keyword: str) -> tuple[str, ...]:
    said = settings.listed(keyword)
    allowed = tuple(name for name in names if not said or name in said)
    if not allowed:
        raise ParamikoLacks(f"none of the {keyword} in the ssh configuration is one of paramiko's")
    return allowed
