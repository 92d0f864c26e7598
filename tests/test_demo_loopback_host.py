"""The embedded ssh server: one user, one key, commands only; driven by paramiko's client."""

from __future__ import annotations

import getpass
import logging
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from frontends import eventually

from pyteleport_jupyter.demo.ephemeral import EphemeralHost, ephemeral_host
from pyteleport_jupyter.demo.loopback_host import LOG
from pyteleport_jupyter.demo.remains import processes_at_home

MEGABYTE = 1 << 20


@pytest.fixture
def host() -> Iterator[EphemeralHost]:
    """A host named ``far``."""
    with ephemeral_host("far") as made:
        yield made


@pytest.fixture
def client(host: EphemeralHost) -> Iterator[paramiko.Transport]:
    """A connection to it, by its own key."""
    connection = connect(host)
    connection.auth_publickey(getpass.getuser(), user_key(host))
    yield connection
    connection.close()


def connect(host: EphemeralHost) -> paramiko.Transport:
    """A connection that is not yet authenticated."""
    connection = paramiko.Transport(("127.0.0.1", host.port))
    connection.start_client(timeout=10)
    return connection


def user_key(host: EphemeralHost) -> paramiko.ECDSAKey:
    """The key that may enter."""
    return paramiko.ECDSAKey.from_private_key_file(str(host.ssh_config.with_name("id_ecdsa")))


def run(client: paramiko.Transport, command: str, fed: bytes = b"") -> tuple[bytes, bytes, int]:
    """(stdout, stderr, exit status) of a command."""
    with client.open_session(timeout=10) as channel:
        channel.exec_command(command)
        channel.sendall(fed)
        channel.shutdown_write()
        return channel.makefile("rb").read(), channel.makefile_stderr("rb").read(), channel.recv_exit_status()


def test_streams_and_status_of_a_command(client: paramiko.Transport) -> None:
    assert run(client, "cat; echo oops >&2; exit 7", b"in\0\xff") == (b"in\0\xff", b"oops\n", 7)


def test_megabytes_pass_unchanged_both_ways(client: paramiko.Transport) -> None:
    data = os.urandom(4 * MEGABYTE)
    channel = client.open_session(timeout=10)
    channel.exec_command("cat > data; cat data; rm data")
    channel.sendall(data)
    channel.shutdown_write()
    assert channel.makefile("rb").read() == data
    channel.close()


def test_home_is_the_hosts_own(client: paramiko.Transport, host: EphemeralHost) -> None:
    assert run(client, "pwd; echo $HOME")[0].decode().split() == [str(host.home)] * 2


def test_a_login_shell_finds_this_python(client: paramiko.Transport) -> None:
    said, _, _ = run(client, "exec sh -l -c 'command -v python3'")
    assert Path(said.decode().strip()).parent == Path(sys.executable).parent


def test_a_command_killed_by_a_signal_has_a_status(client: paramiko.Transport) -> None:
    assert run(client, "kill -9 $$")[2] == 137


def test_another_key_is_refused(host: EphemeralHost) -> None:
    connection = connect(host)
    with pytest.raises(paramiko.AuthenticationException):
        connection.auth_publickey(getpass.getuser(), paramiko.ECDSAKey.generate())
    connection.close()


def test_another_user_is_refused(host: EphemeralHost) -> None:
    connection = connect(host)
    with pytest.raises(paramiko.AuthenticationException):
        connection.auth_publickey("somebody", user_key(host))
    connection.close()


def test_passwords_are_not_even_asked(host: EphemeralHost) -> None:
    connection = connect(host)
    with pytest.raises(paramiko.BadAuthenticationType):
        connection.auth_password(getpass.getuser(), "")
    connection.close()


@pytest.mark.parametrize("request_what", ["invoke_shell", "get_pty"])
def test_shells_and_terminals_are_refused(client: paramiko.Transport, request_what: str) -> None:
    with client.open_session(timeout=10) as channel, pytest.raises(paramiko.SSHException):
        getattr(channel, request_what)()


def test_forwarding_is_refused(client: paramiko.Transport) -> None:
    with pytest.raises(paramiko.ChannelException):
        client.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 0), timeout=10)


def test_only_this_machine_can_connect(host: EphemeralHost) -> None:
    listening = Path("/proc/net/tcp").read_text().split()
    assert f"0100007F:{host.port:04X}" in listening
    assert f"00000000:{host.port:04X}" not in listening


def test_nothing_is_left_when_it_closes() -> None:
    with ephemeral_host("far") as host:
        connection = connect(host)
        connection.auth_publickey(getpass.getuser(), user_key(host))
        connection.open_session(timeout=10).exec_command("sleep 600")
        assert eventually(lambda: any("sleep 600" in line for line in processes_at_home(host.home)))
    # The shell was waited for; what it had started was killed with it, and is the system's to bury.
    assert eventually(lambda: not processes_at_home(host.home))
    assert not host.home.parent.exists()
    connection.close()


def test_clients_that_reset_their_connections_are_nothing_to_tell(caplog: pytest.LogCaptureFixture) -> None:
    """The kernel's ssh child, killed while output is on its way to it."""
    clients = set()
    with ephemeral_host("far") as host:
        for _ in range(3):
            reset(socket.create_connection(("127.0.0.1", host.port)))
            connection = connect(host)
            connection.auth_publickey(getpass.getuser(), user_key(host))
            channel = connection.open_session(timeout=10)
            channel.exec_command("exec cat /dev/zero")
            channel.recv(1)
            reset(connection.sock)
            connection.close()
            clients.add(connection.ident)
    logger = logging.getLogger(LOG)
    assert not logger.propagate
    assert logger.hasHandlers(), "or else logging would write to stderr"
    assert {record.name for record in caplog.records if record.thread not in clients} <= {LOG}


def reset(peer: socket.socket) -> None:
    """Close it in the manner of a killed process with unread input."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def test_its_folder_is_private(host: EphemeralHost) -> None:
    folder = host.home.parent
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "id_ecdsa").stat().st_mode & 0o077 == 0
