"""Two kinds of ssh server for the tests: the real sshd, and one of paramiko that asks for passwords."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
USER = os.environ.get("USER") or subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def keygen(path: Path, *options: str, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make a key pair at ``path``."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path), *options],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return path


def public_words(path: Path) -> str:
    """``type base64`` of the public half of the key at ``path``."""
    return " ".join(Path(f"{path}.pub").read_text().split()[:2])


@dataclass
class RealSshd:
    """sshd as this user. Each port is another temper: see ``_CONFIG``."""

    folder: Path
    plain: int
    jump: int
    certificates: int
    process: subprocess.Popen[bytes]

    @property
    def host_key(self) -> Path:
        """The host's ed25519 key; ``rsa`` lies beside it."""
        return self.folder / "host_ed25519"

    @property
    def identity(self) -> Path:
        """A key that is let in on ``plain`` and ``jump``."""
        return self.folder / "identity"

    def known_line(self, port: int, key: str = "host_ed25519") -> str:
        """A known_hosts line that is true."""
        return f"[127.0.0.1]:{port} {public_words(self.folder / key)}\n"

    def log(self) -> str:
        """All that sshd has said."""
        return (self.folder / "log").read_text(errors="replace")


_CONFIG = """
Port {plain}
Port {jump}
Port {certificates}
ListenAddress 127.0.0.1
HostKey {folder}/host_ed25519
HostKey {folder}/host_rsa
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized
TrustedUserCAKeys {folder}/authority.pub
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowAgentForwarding yes
LoginGraceTime 20
RekeyLimit 8M
LogLevel VERBOSE
AllowTcpForwarding no
Match LocalPort {jump}
    AllowTcpForwarding yes
Match LocalPort {certificates}
    AuthorizedKeysFile none
"""


def _answers(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def real_sshd(folder: Path) -> Iterator[RealSshd]:
    """Run sshd in ``folder`` as long as the block lasts."""
    for name, kind in (
        ("host_ed25519", "ed25519"),
        ("host_rsa", "rsa"),
        ("identity", "ed25519"),
        ("authority", "ed25519"),
    ):
        keygen(folder / name, kind=kind)
    (folder / "authorized").write_text(f"{public_words(folder / 'identity')}\n")
    ports = dict(zip(("plain", "jump", "certificates"), free_ports(3), strict=True))
    (folder / "sshd_config").write_text(_CONFIG.format(folder=folder, **ports))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=log)
    try:
        while not _answers(ports["certificates"]):
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text())
        yield RealSshd(folder, **ports, process=process)
    finally:
        process.terminate()
        process.wait()


@dataclass
class Login(paramiko.ServerInterface):
    """What the paramiko server asks for; ``seen`` has the methods that were tried."""

    password: str | None = None
    codes: Sequence[tuple[str, bool, str]] = ()
    key_first: bool = False
    runs_commands: bool = True
    seen: list[str] = field(default_factory=list)

    def get_allowed_auths(self, username: str) -> str:
        if self.key_first and "publickey" not in self.seen:
            return "publickey"
        return ",".join(
            filter(None, ("password" if self.password else "", "keyboard-interactive" if self.codes else ""))
        )

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.seen.append("publickey")
        return paramiko.AUTH_PARTIALLY_SUCCESSFUL if self.key_first else paramiko.AUTH_FAILED

    def check_auth_password(self, username: str, password: str) -> int:
        self.seen.append("password")
        return paramiko.AUTH_SUCCESSFUL if password == self.password else paramiko.AUTH_FAILED

    def check_auth_interactive(self, username: str, submethods: str) -> int | paramiko.InteractiveQuery:
        self.seen.append("keyboard-interactive")
        query = paramiko.InteractiveQuery("Two steps", "Answer both.")
        for prompt, echo, _ in self.codes:
            query.add_prompt(prompt, echo)
        return query

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        right = responses == [answer for _, _, answer in self.codes]
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if self.runs_commands:
            threading.Thread(target=_echo, args=(channel,), daemon=True).start()
        return self.runs_commands


def _echo(channel: paramiko.Channel) -> None:
    """The only program of this server: it says hello and then what it is told."""
    with contextlib.suppress(OSError, EOFError):
        channel.sendall(b"hello\n")
        while data := channel.recv(65536):
            channel.sendall(data)
        channel.send_exit_status(0)
    channel.close()


@contextlib.contextmanager
def asking_server(login: Callable[[], Login], host_key: Path) -> Iterator[tuple[int, list[Login]]]:
    """A paramiko server on the port that is yielded; each connection gets a Login, and all are listed."""
    logins: list[Login] = []
    transports: list[paramiko.Transport] = []
    key = paramiko.Ed25519Key.from_private_key_file(str(host_key))
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                transport = paramiko.Transport(connection)
                transport.add_server_key(key)
                transports.append(transport)
                logins.append(login())
                transport.start_server(event=threading.Event(), server=logins[-1])

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], logins
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for transport in transports:
            transport.close()
            transport.join()
