"""A real jupyter_server with our addresses: who may ask, and what is answered."""

from __future__ import annotations

import http.cookiejar
import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from frontends import eventually
from jupyter_client.manager import KernelManager
from lab.local_host import free_port

from pyteleport_jupyter.server_extension import answers

ENABLED = '{"ServerApp": {"jpserver_extensions": {"pyteleport_jupyter.server_extension": true}}}'
SECONDS = 60.0


class Server:
    """jupyter_server with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.token = secrets.token_hex(16)
        self.address = f"http://127.0.0.1:{free_port()}"
        folders = {f"JUPYTER_{kind}_DIR": home / kind.lower() for kind in ("CONFIG", "DATA", "RUNTIME")}
        folders |= {"XDG_STATE_HOME": home / "state", "TELEPORT_SSH_CONFIG": home / "ssh_config"}
        # Sessions of other tests are not in there; paths of sockets must be short.
        self.home = tempfile.TemporaryDirectory(prefix="h-")
        folders |= {"HOME": Path(self.home.name)}
        (home / "config").mkdir()
        (home / "config/jupyter_server_config.json").write_text(ENABLED)
        (home / "ssh_config").write_text("Host cartesius\n  User ada\nHost *.example !x\n  User bob\n")
        self.environment = {**os.environ, **{name: str(path) for name, path in folders.items()}}
        port = self.address.rpartition(":")[2]
        options = ("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options, f"--ServerApp.root_dir={home}"],
            env={**self.environment, "JUPYTER_TOKEN": self.token},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert eventually(self._answers, SECONDS), "no jupyter_server"

    def _answers(self) -> bool:
        assert self.process.poll() is None, "jupyter_server has ended"
        try:
            return self.ask("api/status")[0] == 200
        except OSError:
            return False

    def ask(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Status and content; with the token unless ``headers`` are given."""
        given = {"Authorization": f"token {self.token}"} if headers is None else headers
        return answer(urllib.request.build_opener(), f"{self.address}/{path}", body, given)

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(SECONDS)
        self.home.cleanup()


def answer(
    opener: urllib.request.OpenerDirector, url: str, body: Any, headers: dict[str, str]
) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    try:
        with opener.open(request, timeout=SECONDS) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def browser_of_a_user(server: Server) -> urllib.request.OpenerDirector:
    """One that has logged in and keeps the cookie."""
    cookies = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    url = f"{server.address}/login?next=%2Fapi%2Fstatus"
    with opener.open(url, timeout=SECONDS) as page:
        page.read()
    (xsrf,) = (cookie.value or "" for cookie in cookies if cookie.name == "_xsrf")
    form = urllib.parse.urlencode({"password": server.token, "_xsrf": xsrf}).encode()
    with opener.open(url, form, timeout=SECONDS) as page:
        assert "started" in json.loads(page.read())
    return opener


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("server"))
    yield started
    started.close()


def test_hosts(server: Server) -> None:
    assert server.ask("pyteleport-jupyter/hosts") == (200, {"hosts": ["cartesius", "local"], "recents": []})


@pytest.mark.parametrize("path", ["hosts", "sessions", "doctor", "kill"])
def test_a_stranger_learns_nothing(server: Server, path: str) -> None:
    body = {"target": "local", "host": "local", "id": "1"} if path in ("doctor", "kill") else None
    status, _ = server.ask(f"pyteleport-jupyter/{path}", body, {})
    assert status == 403


def test_a_page_of_somebody_else_may_not_use_the_cookie(server: Server) -> None:
    opener = browser_of_a_user(server)
    url = f"{server.address}/pyteleport-jupyter"
    assert answer(opener, f"{url}/hosts", None, {"Referer": f"{server.address}/lab"})[0] == 200
    assert answer(opener, f"{url}/sessions", None, {"Referer": "http://evil.example/"})[0] == 403
    assert answer(opener, f"{url}/sessions", None, {})[0] == 403
    assert (
        answer(opener, f"{url}/doctor", {"target": "local"}, {"Referer": f"{server.address}/lab"})[0] == 403
    )


@pytest.mark.parametrize("body", [{}, [], {"target": 3}, {"target": ""}, {"target": "x" * 20000}])
def test_what_makes_no_sense(server: Server, body: Any) -> None:
    assert server.ask("pyteleport-jupyter/doctor", body)[0] == 400


def test_a_target_that_is_none_is_told_in_a_sentence(server: Server) -> None:
    status, content = server.ask("pyteleport-jupyter/doctor", {"target": "-oProxyCommand=x"})
    assert (status, json.loads(content)["error"]) == (400, "TargetUnknown")
    assert "is not a place to go" in json.loads(content)["sentence"]


def test_the_doctor(server: Server) -> None:
    status, content = server.ask("pyteleport-jupyter/doctor", {"target": "local"})
    assert status == 200
    assert {finding["holds"] for finding in content["findings"]} <= {True, None}
    assert "ipykernel" in {finding["name"] for finding in content["findings"]}


def test_a_session_is_listed_and_ended(server: Server) -> None:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=server.environment)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=SECONDS)
        code = "%load_ext pyteleport_jupyter\n%teleport -q local"
        assert client.execute_interactive(code, timeout=SECONDS)["content"]["status"] == "ok"
        status, content = server.ask("pyteleport-jupyter/sessions")
        (session,) = content["sessions"]
        assert (status, session["host"], session["linked"], content["troubles"]) == (200, "local", True, [])
        assert not {"token", "key", "directory"} & set(session)
        assert server.ask("pyteleport-jupyter/hosts")[1]["recents"] == ["local"]
        asked = {"host": "local", "id": session["id"]}
        assert server.ask("pyteleport-jupyter/kill", asked) == (200, {"killed": session["id"]})
        assert server.ask("pyteleport-jupyter/sessions")[1]["sessions"] == []
        assert server.ask("pyteleport-jupyter/kill", asked)[0] == 400
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_host_that_nobody_went_to_is_not_asked(server: Server) -> None:
    status, content = server.ask("pyteleport-jupyter/kill", {"host": "cmd:touch /tmp/x --", "id": "1"})
    assert (status, json.loads(content)["error"]) == (400, "SessionUnknown")


def test_a_host_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = answers.ask_hosts(["nowhere.invalid"])
    monkeypatch.setattr(answers, "ask_hosts", lambda targets: trouble)
    found = answers.sessions()
    assert found["sessions"] == []
    assert found["troubles"][0]["host"] == "nowhere.invalid"
