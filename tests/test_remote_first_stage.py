"""What goes into argv on the target: small, constant, harmless; and the search for a Python that fits."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from far_side import land_on
from supervised import empty_home as home

from pyteleport_jupyter import errors
from pyteleport_jupyter.remote import first_stage
from pyteleport_jupyter.transports import BootRequest, CommandTransport, Landed

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
WRONG = """#!/bin/sh
[ "$1" = -I ] || exec {python} "$@"
shift 4
exec {python} -I -S -c '
import sys
sys.version_info, sys.version = (3, 9, 18), "3.9.18 (stub)"
exec(sys.argv[2].replace(chr(124), chr(10)))
' "$@"
"""


__all__ = ["home"]


def land_there(request: BootRequest) -> Landed:
    return land_on(CommandTransport(("/bin/sh", "-c")), request)


def only_these(home: Path, **programs: str) -> None:
    """Let the login shell find these scripts and the usual tools, but no other Python."""
    folder = home / "bin"
    folder.mkdir()
    for tool in ("sh", "sleep"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    for name, script in programs.items():
        program = folder / name.replace("_", ".")
        program.write_text(script)
        program.chmod(0o755)
    for name in (".bash_profile", ".profile"):
        (home / name).write_text(f"PATH={folder}\n")


REAL = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
OTHER = WRONG.format(python=sys.executable)


def test_it_is_small() -> None:
    assert len(first_stage.REMOTE_COMMAND) < 200
    assert len(first_stage.FIRST_STAGE) < 1200
    assert len(first_stage.start_line(HERE, "/usr/bin/python3")) < 1800
    assert len(first_stage.start_line(HERE, setup="module load python")) < 2200
    assert len(first_stage.header("attach")) < 22_000


def test_it_is_one_line_that_survives_its_quoting() -> None:
    assert not {"|", "'"} & set(first_stage.FIRST_STAGE)
    for line in (
        first_stage.start_line(HERE),
        first_stage.start_line(HERE, "~/my env/bin/python", "a 'b' \"c\";"),
    ):
        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")


def test_markers_are_not_in_what_a_shell_might_echo() -> None:
    said = first_stage.REMOTE_COMMAND.encode() + first_stage.start_line(HERE) + first_stage.header("attach")
    assert first_stage.SHELL_MARKER not in said
    assert first_stage.PYTHON_MARKER not in said


def test_it_is_constant() -> None:
    assert first_stage.start_line(HERE) == first_stage.start_line(HERE)


def test_old_pythons_understand_it_well_enough_to_say_what_they_are() -> None:
    """The grammar of 3.4 is the oldest that ast knows to check."""
    import ast

    with_feature = ast.parse(first_stage.FIRST_STAGE, feature_version=(3, 4))
    assert with_feature.body


def test_the_login_environment_decides(home: Path) -> None:
    only_these(home, python3=REAL)
    assert land_there(BootRequest()).version.startswith(HERE)


def test_a_python_by_name(home: Path) -> None:
    only_these(home, mypython=REAL)
    assert land_there(BootRequest(python="mypython")).version.startswith(HERE)


def test_a_python_in_the_home_directory(home: Path) -> None:
    (home / "my env").mkdir()
    (home / "my env" / "python").symlink_to(sys.executable)
    assert land_there(BootRequest(python="~/my env/python")).version.startswith(HERE)


def test_another_python3_makes_way_for_the_one_that_fits(home: Path) -> None:
    only_these(home, python3=OTHER, **{f"python{HERE}".replace(".", "_"): REAL})
    assert land_there(BootRequest()).version.startswith(HERE)


def test_setup_can_bring_the_python(home: Path) -> None:
    only_these(home)
    (home / "more").mkdir()
    (home / "more" / "python3").symlink_to(sys.executable)
    assert land_there(BootRequest(setup=f"PATH=$PATH:{home}/more;")).version.startswith(HERE)


@pytest.mark.parametrize(
    "setup",
    [
        "echo noise; echo noise >&2",
        "cat",
        "read line || true",
        "printf 'x%.0s' 1 2 3",
        "set -eu",
        "trap 'echo bye' EXIT",
        "false || true",
        "[ -f /no/such/file ] && false; true",
        "source $HOME/careless; true",
        "f() { false; true; }; f",
    ],
)
def test_a_setup_that_talks_or_listens_does_no_harm(home: Path, setup: str) -> None:
    (home / "careless").write_text("no-such-fortune\n[ -f /no/such/file ] && echo\n")
    assert land_there(BootRequest(python=sys.executable, setup=setup)).version.startswith(HERE)


CONDA = "printf '\\nCondaError: no such environment: x\\nTry conda env list.\\n\\n' >&2; (exit 3)"


@pytest.mark.parametrize(
    ("setup", "status", "words"),
    [
        ("module load python", 127, "module: command not found"),
        ("echo noise; module load python; true", 127, "module: command not found"),
        ("source ~/no/such/venv; true", 1, "no/such/venv: No such file or directory"),
        ("echo so >&2; exit 3", 3, "so"),
        ("false", 1, "it did not say why"),
        ("exit", 0, "it ended the shell"),
        ("set -e; false; true", 1, "it did not say why"),
        (CONDA, 3, "CondaError: no such environment: x Try conda env list"),
        ("(", 2, "syntax error: unexpected end of file"),
        ("cd /no/such/place; true", 1, "cd: /no/such/place: No such file or directory"),
        (f"{CONDA}; true", 3, "CondaError"),
    ],
)
def test_a_setup_that_fails_is_told_with_its_own_words(
    home: Path, setup: str, status: int, words: str
) -> None:
    (home / ".bash_profile").write_text("echo noise of the login shell >&2\n")
    with pytest.raises(errors.SetupFailed) as raised:
        land_there(BootRequest(python=sys.executable, setup=setup))
    sentence = str(raised.value)
    assert sentence.startswith(f"--setup failed on sh -c (status {status}): ")
    assert words in sentence
    assert "noise" not in sentence
    assert "pyteleport" not in sentence


def test_without_bash_the_last_status_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(home)
    monkeypatch.setenv("PATH", str(home / "bin"))
    with pytest.raises(errors.SetupFailed, match=r"\(status 127\): .*module: not found"):
        land_there(BootRequest(python=sys.executable, setup="module load python"))
    assert land_there(BootRequest(python=sys.executable, setup="echo noise")).version.startswith(HERE)


def test_a_profile_that_reads_gets_nothing_of_ours(home: Path) -> None:
    only_these(home, python3=REAL)
    for name in (".bash_profile", ".profile"):
        (home / name).write_text((home / name).read_text() + "read answer; echo $answer; /bin/cat\n")
    assert land_there(BootRequest()).version.startswith(HERE)


def test_no_python(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(home)
    monkeypatch.setenv("PATH", str(home / "bin"))
    with pytest.raises(
        errors.NoPython, match="on sh -c: its login shell finds no python3, python3.[0-9]+ or python\\."
    ):
        land_there(BootRequest())
    with pytest.raises(errors.NoPython, match="finds no python9, not after --setup either"):
        land_there(BootRequest(python="python9", setup="echo noise"))


@pytest.mark.parametrize("python", ["/no/such/python", "no-such-python", "~/no/python", "; echo injected"])
def test_a_python_that_is_not_there_is_named(home: Path, python: str) -> None:
    with pytest.raises(errors.NoPython) as raised:
        land_there(BootRequest(python=python))
    assert python in str(raised.value)


def test_a_python_that_cannot_run(home: Path) -> None:
    only_these(home, python3="#!/bin/sh\necho 'python3: cannot execute binary file' >&2; exit 126\n")
    with pytest.raises(errors.NoPython, match="cannot execute binary file"):
        land_there(BootRequest())


def test_the_wrong_minor_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_these(home, python3=OTHER)
    monkeypatch.setenv("PATH", str(home / "bin"))
    with pytest.raises(errors.WrongPython, match=rf"has Python 3\.9, this session runs {HERE}"):
        land_there(BootRequest())


def test_the_start_line_is_what_a_posix_shell_understands() -> None:
    for line in (first_stage.start_line(HERE), first_stage.start_line(HERE, "/usr/bin/python3")):
        subprocess.run(["/bin/sh", "-n", "-c", line.decode()], check=True)
        assert shlex.split(line.decode())
