"""The ssh transport against a real sshd, by paramiko and by the system's ssh alike."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from ssh_servers import SSHD, RealSshd, keygen, public_words, real_sshd
from ssh_visits import Configuration, Visit, visiting

from pyteleport_jupyter import errors, transports
from pyteleport_jupyter.transports.link import Question
from pyteleport_jupyter.transports.ssh import SshTransport

if not os.path.exists(SSHD):
    pytest.skip("there is no sshd on this machine", allow_module_level=True)

BOTH = pytest.mark.parametrize("via", ["paramiko", "ssh"])


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSshd]:
    with real_sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """HOME is of its own too, so that no file of the real user is read."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Configuration(tmp_path)


@pytest.fixture
def lab(sshd: RealSshd, config: Configuration) -> Configuration:
    """The host ``lab``: known, and let in by a key."""
    return config.write({"lab": said(sshd)}, known=sshd.known_line(sshd.plain))


@pytest.fixture
def no_askpass_left() -> Iterator[None]:
    before = set(Path("/tmp").glob("pyteleport-ask-*"))
    yield
    assert set(Path("/tmp").glob("pyteleport-ask-*")) <= before


def said(sshd: RealSshd, **more: object) -> dict[str, object]:
    return {"Port": sshd.plain, "IdentityFile": sshd.identity, **more}


def to(config: Configuration, via: str | None = None, host: str = "lab") -> SshTransport:
    return SshTransport(host=host, config=config.file, via=via)


def greets(visit: Visit) -> bool:
    assert visit.failure is None, visit.complaint()
    return visit.read(6) == b"hello\n"


def answering(*answers: str | None) -> Callable[[Question], str | None]:
    left = iter(answers)
    return lambda question: next(left)


@BOTH
def test_a_key_lets_in_and_bytes_come_back(lab: Configuration, via: str) -> None:
    with visiting(to(lab, via)) as visit:
        assert greets(visit)
        visit.write(b"\0\xff~.\r\n")
        assert visit.read(6) == b"\0\xff~.\r\n"
        assert not visit.questions
        assert visit.complaint() == ""


@BOTH
def test_the_end_of_the_command_is_the_end_of_file(lab: Configuration, via: str) -> None:
    with visiting(to(lab, via), "echo hello; echo problem >&2; exit 7") as visit:
        assert greets(visit)
        assert visit.read_some() == b""
        assert os.waitstatus_to_exitcode(os.waitpid(visit.link.pid, 0)[1]) == 7
        assert "problem" in visit.complaint()


@BOTH
def test_a_transport_from_its_record_works(
    lab: Configuration, via: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELEPORT_SSH_CONFIG", lab.file)
    record = SshTransport(host="lab", via=via).as_record()
    monkeypatch.delenv("TELEPORT_SSH_CONFIG")
    with visiting(transports.from_record(record)) as visit:
        assert greets(visit)


@BOTH
def test_user_and_port_of_the_target_win(sshd: RealSshd, lab: Configuration, via: str) -> None:
    lab.write({"lab": said(sshd, Port=1, User="nobody-at-all")}, known=sshd.known_line(sshd.plain))
    user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
    with visiting(SshTransport("lab", user=user, port=sshd.plain, via=via, config=lab.file)) as visit:
        assert greets(visit)


@BOTH
def test_include_is_followed(lab: Configuration, via: str, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.write_text(f"Include {lab.file}\n")
    with visiting(SshTransport("lab", via=via, config=str(outer))) as visit:
        assert greets(visit)


@BOTH
def test_64_mib_come_back_equal_while_the_server_renews_keys(lab: Configuration, via: str) -> None:
    block = os.urandom(1 << 20)
    sent, returned = hashlib.sha256(), hashlib.sha256()
    with visiting(to(lab, via), "exec cat") as visit:

        def send() -> None:
            for number in range(64):
                piece = bytes([number]) + block
                sent.update(piece)
                visit.write(piece)

        sender = threading.Thread(target=send)
        sender.start()
        left = 64 * (len(block) + 1)
        while left and (part := visit.read_some()):
            returned.update(part)
            left -= len(part)
        sender.join()
    assert left == 0
    assert returned.digest() == sent.digest()


@BOTH
def test_an_unknown_key_is_asked_for_once_and_remembered(
    sshd: RealSshd, config: Configuration, via: str, no_askpass_left: None
) -> None:
    config.write({"lab": said(sshd)})
    with visiting(to(config, via), ask=answering("yes")) as visit:
        assert greets(visit)
    (question,) = visit.questions
    fingerprint = subprocess.run(
        ["ssh-keygen", "-lf", f"{sshd.host_key}.pub"], capture_output=True, text=True
    )
    assert question.kind == "confirm"
    assert not question.secret
    assert fingerprint.stdout.split()[1] in question.text
    assert via == "ssh" or config.known_hosts.stat().st_mode & 0o777 == 0o600
    for other in ("paramiko", "ssh"):
        with visiting(to(config, other)) as again:
            assert greets(again)


@BOTH
@pytest.mark.parametrize("answer", ["no", "", None])
def test_an_unknown_key_that_is_not_accepted_is_refused(
    sshd: RealSshd, config: Configuration, via: str, answer: str | None, no_askpass_left: None
) -> None:
    config.write({"lab": said(sshd)})
    asked: list[Question] = []

    def decline(question: Question) -> str | None:
        # ssh asks again when the answer is neither yes nor no.
        asked.append(question)
        return answer if len(asked) == 1 else "no"

    with visiting(to(config, via), ask=decline) as visit:
        assert isinstance(visit.failure, errors.HostKeyUnknown)
        assert "SHA256:" in visit.failure.sentence()
    assert not config.known_hosts.exists()


@BOTH
def test_strict_checking_does_not_even_ask(sshd: RealSshd, config: Configuration, via: str) -> None:
    config.write({"lab": said(sshd, StrictHostKeyChecking="yes")})
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostKeyUnknown)


@BOTH
@pytest.mark.parametrize("strictness", ["ask", "no", "accept-new"])
def test_a_changed_key_is_refused_whatever_the_configuration_says(
    sshd: RealSshd, config: Configuration, via: str, strictness: str
) -> None:
    other = f"[127.0.0.1]:{sshd.plain} {public_words(sshd.identity)}\n"
    config.write({"lab": said(sshd, StrictHostKeyChecking=strictness)}, known=other)
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostKeyChanged)
    assert "SHA256:" in visit.failure.sentence()
    assert str(config.known_hosts) in visit.failure.sentence()
    assert config.known_hosts.read_text() == other


@BOTH
def test_a_revoked_key_is_refused(sshd: RealSshd, config: Configuration, via: str) -> None:
    line = sshd.known_line(sshd.plain)
    config.write({"lab": said(sshd)}, known=f"{line}@revoked {line}")
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostKeyRevoked)


@BOTH
def test_a_hashed_name_is_found(sshd: RealSshd, lab: Configuration, via: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(lab.known_hosts)], check=True, capture_output=True)
    assert "127.0.0.1" not in lab.known_hosts.read_text()
    with visiting(to(lab, via)) as visit:
        assert greets(visit)


@BOTH
def test_the_kind_of_key_that_is_known_is_asked_of_the_host(
    sshd: RealSshd, config: Configuration, via: str
) -> None:
    config.write({"lab": said(sshd)}, known=sshd.known_line(sshd.plain, "host_rsa"))
    with visiting(to(config, via)) as visit:
        assert greets(visit)


@BOTH
def test_a_key_alias_is_looked_up_in_place_of_the_host(
    sshd: RealSshd, config: Configuration, via: str
) -> None:
    config.write({"lab": said(sshd, HostKeyAlias="Box")}, known=f"box {public_words(sshd.host_key)}\n")
    with visiting(to(config, via)) as visit:
        assert greets(visit)


@BOTH
def test_accept_new_remembers_hashed_without_asking(sshd: RealSshd, config: Configuration, via: str) -> None:
    config.write({"lab": said(sshd, StrictHostKeyChecking="accept-new", HashKnownHosts="yes")})
    with visiting(to(config, via)) as visit:
        assert greets(visit)
    assert config.known_hosts.read_text().startswith("|1|")


@BOTH
def test_the_keys_of_the_agent_are_used(
    sshd: RealSshd, config: Configuration, via: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("a") / "s"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert agent.poll() is None
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        subprocess.run(["ssh-add", "-q", str(sshd.identity)], env=environment, check=True)
        said_here = said(sshd, IdentityFile="none", IdentitiesOnly="no", IdentityAgent=path)
        config.write({"lab": said_here}, known=sshd.known_line(sshd.plain))
        with visiting(to(config, via), 'echo hello; echo "[$SSH_AUTH_SOCK]"') as visit:
            assert greets(visit)
            assert visit.read(3) == b"[]\n"
    finally:
        agent.terminate()
        agent.wait()


@BOTH
def test_an_agent_is_never_forwarded(
    sshd: RealSshd,
    config: Configuration,
    via: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path_factory.mktemp("a") / "s"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert agent.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        config.write({"lab": said(sshd, ForwardAgent="yes")}, known=sshd.known_line(sshd.plain))
        with visiting(to(config, via), 'echo hello; echo "[$SSH_AUTH_SOCK]"') as visit:
            assert greets(visit)
            assert visit.read(3) == b"[]\n"
    finally:
        agent.terminate()
        agent.wait()


@BOTH
def test_nothing_else_that_the_configuration_says_is_run_or_opened(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path
) -> None:
    traps = {
        "PermitLocalCommand": "yes",
        "LocalCommand": f"touch {tmp_path}/local",
        "RemoteCommand": f"touch {tmp_path}/remote",
        "LocalForward": f"{tmp_path}/forwarded 127.0.0.1:{sshd.plain}",
        "RequestTTY": "force",
        "ControlMaster": "yes",
        "ControlPath": f"{tmp_path}/master",
        "ControlPersist": "yes",
    }
    config.write({"lab": said(sshd, **traps)}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via), "echo hello; test -t 0 || echo plain") as visit:
        assert greets(visit)
        assert visit.read(6) == b"plain\n"
    assert not {"local", "remote", "forwarded", "master"} & {path.name for path in tmp_path.iterdir()}


@BOTH
@pytest.mark.parametrize("beside", [True, False])
def test_a_certificate_lets_in(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path, beside: bool
) -> None:
    key = keygen(tmp_path / "certified")
    user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
    authority = [
        "ssh-keygen",
        "-q",
        "-s",
        str(sshd.folder / "authority"),
        "-I",
        "me",
        "-n",
        user,
        f"{key}.pub",
    ]
    subprocess.run(authority, check=True)
    more: dict[str, object] = {}
    if not beside:
        more["CertificateFile"] = (tmp_path / "certified-cert.pub").rename(tmp_path / "elsewhere.pub")
    config.write(
        {"lab": said(sshd, Port=sshd.certificates, IdentityFile=key, **more)},
        known=sshd.known_line(sshd.certificates),
    )
    with visiting(to(config, via)) as visit:
        assert greets(visit)


@BOTH
def test_the_passphrase_of_a_key_is_asked_until_it_fits(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path, no_askpass_left: None
) -> None:
    key = locked_identity(sshd, tmp_path)
    config.write({"lab": said(sshd, IdentityFile=key)}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via), ask=answering("wrong", "open sesame")) as visit:
        assert greets(visit)
    assert [(question.kind, question.secret) for question in visit.questions] == [("passphrase", True)] * 2
    assert str(key) in visit.questions[0].text


@BOTH
def test_a_declined_passphrase_is_a_failed_login(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path, no_askpass_left: None
) -> None:
    key = locked_identity(sshd, tmp_path)
    config.write({"lab": said(sshd, IdentityFile=key)}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via), ask=lambda question: None) as visit:
        assert isinstance(visit.failure, errors.AuthenticationFailed)


@BOTH
def test_no_passphrase_is_asked_for_a_key_that_the_host_does_not_take(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path
) -> None:
    key = keygen(tmp_path / "stranger", passphrase="secret")
    config.write({"lab": said(sshd, IdentityFile=key)}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.AuthenticationFailed)
    assert "publickey" in visit.failure.sentence()


def locked_identity(sshd: RealSshd, folder: Path) -> Path:
    key = folder / "locked"
    key.write_bytes(sshd.identity.read_bytes())
    key.chmod(0o600)
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-N", "open sesame", "-f", str(key)], check=True, capture_output=True
    )
    return key


@BOTH
def test_a_key_that_others_can_read_is_not_used(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path
) -> None:
    key = tmp_path / "loose"
    key.write_bytes(sshd.identity.read_bytes())
    key.chmod(0o644)
    config.write({"lab": said(sshd, IdentityFile=key)}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.AuthenticationFailed)


@BOTH
def test_a_jump_host_is_passed(sshd: RealSshd, config: Configuration, via: str) -> None:
    hosts = {"lab": said(sshd, ProxyJump="gate"), "gate": said(sshd, Port=sshd.jump)}
    config.write(hosts, known=sshd.known_line(sshd.plain) + sshd.known_line(sshd.jump))
    with visiting(to(config, via)) as visit:
        assert greets(visit)


@BOTH
def test_two_jump_hosts_are_passed(sshd: RealSshd, config: Configuration, via: str) -> None:
    hosts = {
        "lab": said(sshd, ProxyJump=f"gate,127.0.0.1:{sshd.jump}"),
        "gate": said(sshd, Port=sshd.jump),
        "127.0.0.1": said(sshd),
    }
    config.write(hosts, known=sshd.known_line(sshd.plain) + sshd.known_line(sshd.jump))
    with visiting(to(config, via)) as visit:
        assert greets(visit)


@BOTH
def test_a_jump_host_that_does_not_forward_is_named(sshd: RealSshd, config: Configuration, via: str) -> None:
    hosts = {"lab": said(sshd, ProxyJump="gate", Port=sshd.jump), "gate": said(sshd)}
    config.write(hosts, known=sshd.known_line(sshd.plain) + sshd.known_line(sshd.jump))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "lab did not accept the connection: the jump host gate " in visit.failure.sentence()
    assert "did not get there (administratively prohibited)" in visit.failure.sentence()


GATE = "gate, the jump host to lab,"
AT_THE_GATE = {
    "refused": (errors.HostRefused, f"{GATE} did not accept the connection: connection refused."),
    "unknown": (errors.HostUnknown, f"{GATE} is not known: "),
    "denied": (errors.AuthenticationFailed, f"{GATE} did not let you in: "),
    "changed": (errors.HostKeyChanged, f"The key of {GATE} is not the one in "),
    "new": (errors.HostKeyUnknown, f"The key of {GATE} ("),
}


@BOTH
@pytest.mark.parametrize("case", AT_THE_GATE)
def test_what_goes_wrong_at_a_jump_host_is_told_of_the_jump_host(
    sshd: RealSshd, config: Configuration, via: str, case: str
) -> None:
    gate = {
        "refused": said(sshd, Port=1),
        "unknown": said(sshd, HostName="no-such-gate.invalid"),
        "denied": said(sshd, Port=sshd.jump, IdentityFile="none"),
    }
    wrong = f"[127.0.0.1]:{sshd.jump} {public_words(sshd.identity)}\n"
    known = {"changed": wrong, "new": ""}.get(case, sshd.known_line(sshd.jump))
    hosts = {"lab": said(sshd, ProxyJump="gate"), "gate": gate.get(case) or said(sshd, Port=sshd.jump)}
    config.write(hosts, known=sshd.known_line(sshd.plain) + known)
    with visiting(to(config, via), ask=lambda question: "no") as visit:
        kind, sentence = AT_THE_GATE[case]
        assert type(visit.failure) is kind
        assert sentence in visit.failure.sentence()
    remedies = {"denied": "See whether `ssh gate` works", "new": "`ssh gate`"}
    remedies["changed"] = f"ssh-keygen -f '{config.known_hosts}' -R '[127.0.0.1]:{sshd.jump}'"
    assert remedies.get(case, "") in visit.failure.sentence()


@BOTH
def test_what_goes_wrong_behind_a_jump_host_is_told_of_the_host(
    sshd: RealSshd, config: Configuration, via: str
) -> None:
    lab = said(sshd, ProxyJump="gate", IdentityFile="none")
    config.write({"lab": lab, "gate": said(sshd, Port=sshd.jump)}, known=both_known(sshd))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.AuthenticationFailed)
    assert "gate" not in visit.failure.sentence()
    config.write({"lab": {**lab, "Port": 1}, "gate": said(sshd, Port=sshd.jump)}, known=both_known(sshd))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "lab did not accept the connection: the jump host " in visit.failure.sentence()
    assert "gate did not get there (connect failed" in visit.failure.sentence()


def both_known(sshd: RealSshd) -> str:
    return sshd.known_line(sshd.plain) + sshd.known_line(sshd.jump)


def test_jump_hosts_that_lead_in_a_circle_come_to_an_end(sshd: RealSshd, config: Configuration) -> None:
    config.write({"lab": said(sshd, ProxyJump="lab")}, known=sshd.known_line(sshd.plain))
    with visiting(to(config)) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "more than" in visit.failure.sentence()


@BOTH
def test_a_proxy_command_is_run(sshd: RealSshd, config: Configuration, via: str) -> None:
    command = f"ssh -F {config.file} -W %h:%p gate"
    hosts = {"lab": said(sshd, ProxyCommand=command), "gate": said(sshd, Port=sshd.jump)}
    config.write(hosts, known=sshd.known_line(sshd.plain) + sshd.known_line(sshd.jump))
    with visiting(to(config, via)) as visit:
        assert greets(visit)


@BOTH
def test_a_proxy_command_that_fails_is_a_refusal(sshd: RealSshd, config: Configuration, via: str) -> None:
    config.write({"lab": said(sshd, ProxyCommand="false")}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostRefused)


@BOTH
def test_a_name_that_nobody_knows(config: Configuration, via: str) -> None:
    config.write({"lab": {"HostName": "no-such-host.invalid"}})
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostUnknown)


@BOTH
def test_a_port_on_which_nobody_listens(config: Configuration, via: str) -> None:
    config.write({"lab": {"Port": 1}})
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "refused" in visit.failure.sentence()


@BOTH
def test_a_configuration_that_is_not_there(config: Configuration, via: str) -> None:
    with visiting(SshTransport("lab", config=str(config.folder / "none"), via=via)) as visit:
        assert isinstance(visit.failure, errors.HostUnknown)
    assert "No such file" in visit.failure.sentence()


@BOTH
def test_a_stranger_is_told_what_was_tried(
    sshd: RealSshd, config: Configuration, via: str, tmp_path: Path
) -> None:
    key = keygen(tmp_path / "stranger")
    config.write({"lab": said(sshd, IdentityFile=key)}, known=sshd.known_line(sshd.plain))
    with visiting(to(config, via)) as visit:
        assert isinstance(visit.failure, errors.AuthenticationFailed)
    assert "publickey" in visit.failure.sentence()


@BOTH
def test_closing_the_pipe_ends_the_child(lab: Configuration, via: str) -> None:
    with visiting(to(lab, via)) as visit:
        assert greets(visit)
        child = psutil.Process(visit.link.pid)
        os.close(visit.link.write_fd)
        assert visit.read_some() == b""
        assert child.wait(timeout=20) is not None or not child.is_running()
        # So that closing the link does not close this number again, which may be another file by then.
        os.dup2(visit.link.read_fd, visit.link.write_fd)


@BOTH
def test_a_killed_child_is_an_end_of_file(lab: Configuration, via: str) -> None:
    with visiting(to(lab, via)) as visit:
        assert greets(visit)
        os.kill(visit.link.pid, signal.SIGKILL)
        assert visit.read_some() == b""


@BOTH
def test_a_parent_that_goes_while_it_is_asked_takes_the_child_along(
    sshd: RealSshd, config: Configuration, via: str, no_askpass_left: None
) -> None:
    config.write({"lab": said(sshd)})
    transport = to(config, via)

    class ParentLeft(Exception):
        pass

    def leave(question: Question) -> str | None:
        raise ParentLeft

    pids: list[int] = []
    with pytest.raises(ParentLeft), visiting(remembering(transport, pids), ask=leave):
        pass
    assert not psutil.pid_exists(pids[0])


class remembering:
    """A transport that notes the pids of its children."""

    def __init__(self, transport: SshTransport, pids: list[int]) -> None:
        self.host = transport.host
        self._transport = transport
        self._pids = pids

    def spawn(self, command: str) -> transports.Link:
        link = self._transport.spawn(command)
        self._pids.append(link.pid)
        return link

    def as_record(self) -> dict[str, object]:
        return self._transport.as_record()


def test_a_connection_that_is_up_is_shared(
    sshd: RealSshd, lab: Configuration, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("m") / "s"
    master = ["ssh", "-F", lab.file, "-o", f"ControlPath={path}", "-o", "ControlMaster=yes", "-N", "lab"]
    process = subprocess.Popen(master, stdin=subprocess.DEVNULL)
    try:
        while not path.exists():
            assert process.poll() is None
        lab.write({"lab": said(sshd, ControlPath=path)})
        logins = sshd.log().count("Accepted publickey")
        with visiting(to(lab)) as visit:
            assert greets(visit)
            assert "ControlMaster" in visit.complaint()
        assert sshd.log().count("Accepted publickey") == logins
    finally:
        process.terminate()
        process.wait()


def test_an_authority_for_host_keys_is_left_to_the_systems_ssh(sshd: RealSshd, config: Configuration) -> None:
    authority = f"@cert-authority * {public_words(sshd.folder / 'authority')}\n"
    config.write({"lab": said(sshd)}, known=authority)
    with visiting(to(config), ask=answering("yes")) as visit:
        assert greets(visit)
        assert "authority" in visit.complaint()
    config.write({"lab": said(sshd)}, known=authority)
    with visiting(to(config, "paramiko")) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "--via ssh" in visit.failure.sentence()


@pytest.fixture
def no_paramiko(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a host that a session came to by an earlier move."""
    folder = tmp_path / "without"
    folder.mkdir()
    (folder / "paramiko.py").write_text("raise ModuleNotFoundError('none here', name='paramiko')\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_where_paramiko_is_not_installed_the_systems_ssh_goes(lab: Configuration, no_paramiko: None) -> None:
    with visiting(to(lab)) as visit:
        assert greets(visit)
        assert "paramiko is not installed here" in visit.complaint()


def test_paramiko_that_is_asked_for_and_not_installed(lab: Configuration, no_paramiko: None) -> None:
    with visiting(to(lab, "paramiko")) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "paramiko is not installed here: --via ssh works without it" in visit.failure.sentence()


def test_neither_paramiko_nor_an_ssh_client(
    lab: Configuration, no_paramiko: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with visiting(to(lab)) as visit:
        assert isinstance(visit.failure, errors.HostRefused)
    assert "install one of them" in visit.failure.sentence()


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "a;b", "$(x)", "", "a\nb", "x" * 300])
def test_names_that_are_no_hosts_are_refused(host: str) -> None:
    with pytest.raises(errors.TargetUnknown):
        SshTransport(host=host)


@pytest.mark.parametrize("user", ["-l", "a b -o", "a`b", "", "a\\"])
def test_names_that_are_no_users_are_refused(user: str) -> None:
    with pytest.raises(errors.TargetUnknown):
        SshTransport(host="lab", user=user)
