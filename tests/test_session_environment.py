"""Which variables travel."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pyteleport_jupyter.session.environment import (
    EnvironmentChange,
    apply_environment,
    environment_at_start,
    environment_change,
)

BEFORE = {
    "HOME": "/home/a",
    "PATH": "/bin:/usr/bin",
    "OMP_NUM_THREADS": "4",
    "EDITOR": "vi",
    "LANG": "de_DE.UTF-8",
}


def test_what_the_notebook_set_travels() -> None:
    now = {**BEFORE, "MY_DATA": "/data", "OMP_NUM_THREADS": "1"}
    assert environment_change(BEFORE, now).assigned == {"MY_DATA": "/data", "OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize(
    "name",
    [
        "SSH_AUTH_SOCK", "GITHUB_TOKEN", "token", "OPENAI_API_KEY", "AWS_PROFILE", "KRB5CCNAME", "HOME",
        "JPY_PARENT_PID", "MYSQL_PASSWORD", "DISPLAY", "XDG_RUNTIME_DIR", "TELEPORT_FAULT", "CLIENT_SECRET",
        "MYSQL_PWD", "DB_PASS", "SSL_PASSPHRASE_FILE",
    ],
)  # fmt: skip
def test_what_belongs_to_a_machine_or_is_secret_stays(name: str) -> None:
    assert environment_change({}, {name: "x"}).assigned == {}
    assert environment_change({name: "x"}, {}).removed == []


def test_only_added_directories_of_a_path_travel() -> None:
    change = environment_change(BEFORE, {**BEFORE, "PATH": "/mine:/bin:/usr/bin:/more"})
    assert change.assigned == {}
    assert change.added_directories == {"PATH": ["/mine", "/more"]}


def test_removed_variables_are_removed() -> None:
    assert environment_change(BEFORE, {k: v for k, v in BEFORE.items() if k != "EDITOR"}).removed == [
        "EDITOR"
    ]


def test_apply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("EDITOR", "ed")
    monkeypatch.setenv("LANG", "C")
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.delenv("MINE", raising=False)
    change = EnvironmentChange(
        {"MINE": "1"}, {"PATH": ["/mine", "/bin"]}, ["EDITOR"], {"LANG": "de", "TZ": "UTC"}
    )
    apply_environment(change)
    assert os.environ["PATH"] == "/bin:/mine"
    assert (os.environ["MINE"], os.environ["LANG"], os.environ["TZ"]) == ("1", "C", "UTC")
    assert "EDITOR" not in os.environ
    monkeypatch.undo()
    for name in ("MINE", "TZ"):
        os.environ.pop(name, None)


def test_environment_at_start_is_that_of_the_process() -> None:
    script = (
        "import os; os.environ['SET_LATER'] = 'x'; "
        "from pyteleport_jupyter.session.environment import environment_at_start as e; "
        "print('SET_LATER' in e(), e().get('SET_BEFORE'))"
    )
    if sys.platform != "linux":
        pytest.skip("only Linux keeps the environment of the start")
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "SET_BEFORE": "y"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False", "y"]
    assert environment_at_start()
