"""The one directory of ours on the target: private, refused when it is not, and never in anybody's way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from far_side import booted, fresh_home, left_in, nothing_stays

from pyteleport_jupyter import errors
from pyteleport_jupyter.remote import runtime_directory
from pyteleport_jupyter.remote.runtime_directory import (
    SOCKET_NAME,
    YOUNG,
    Refusal,
    clear_away,
    make,
    remove,
    sweep,
)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with fresh_home() as home:
        monkeypatch.setenv("HOME", str(home))
        yield home


def parent_of(home: Path, mode: int = 0o700) -> Path:
    parent = home / ".cache" / "pyteleport"
    parent.mkdir(parents=True)
    parent.chmod(mode)
    return parent


def is_private(path: Path) -> bool:
    return path.is_dir() and path.stat().st_mode & 0o777 == 0o700 and path.stat().st_uid == os.geteuid()


def test_it_is_new_and_private(home: Path) -> None:
    old_mask = os.umask(0)
    try:
        first, second = Path(make()), Path(make())
    finally:
        os.umask(old_mask)
    assert first != second
    assert is_private(first)
    assert is_private(first.parent)
    assert first.parent == home / ".cache" / "pyteleport"


def test_the_runtime_directory_of_the_login_is_used_if_it_is_private(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = home / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert Path(make()).parent == runtime / "pyteleport"
    runtime.chmod(0o755)
    assert Path(make()).parent == home / ".cache" / "pyteleport"


def test_one_that_is_emptied_at_logout_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "nobody-who-lingers")
    assert not runtime_directory._outlives_login("/run/user/1000")
    assert runtime_directory._outlives_login("/home/me/run")


def test_a_planted_link_is_refused(home: Path) -> None:
    (home / "elsewhere").mkdir(mode=0o700)
    (home / ".cache").mkdir()
    (home / ".cache" / "pyteleport").symlink_to(home / "elsewhere")
    with pytest.raises(Refusal, match="is a link"):
        make()
    assert not list((home / "elsewhere").iterdir())


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o750, 0o701, 0o1777])
def test_one_that_is_open_to_others_is_refused(home: Path, mode: int) -> None:
    parent_of(home, mode)
    with pytest.raises(Refusal, match="open to others"):
        make()


def test_one_of_somebody_else_is_refused(home: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can make directories of others")
    os.chown(parent_of(home), 65534, 65534)
    with pytest.raises(Refusal, match="belongs to somebody else"):
        make()


def test_a_refusal_reaches_the_user_as_a_sentence(home: Path) -> None:
    parent_of(home, 0o777)
    with pytest.raises(errors.StartFailed, match=r"local did not start: .*open to others"), booted():
        pass
    assert not left_in(home)


def test_a_home_with_a_long_name_is_no_place_for_sockets(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = home / ("x" * 80)
    deep.mkdir()
    monkeypatch.setenv("HOME", str(deep))
    made = Path(make())
    assert made.parent == Path(f"/tmp/pyteleport-{os.geteuid()}")
    assert is_private(made)
    remove(str(made))


def test_a_home_that_cannot_be_written_is_no_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/proc/nowhere")
    made = Path(make())
    assert made.parent == Path(f"/tmp/pyteleport-{os.geteuid()}")
    remove(str(made))


def test_a_full_disk_is_named(home: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can mount a disk that is full soon")
    cache = home / ".cache"
    cache.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(cache)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        with (
            pytest.raises(errors.DiskFull, match=rf"local has no room left in {home}.*No space left"),
            booted(),
        ):
            pass
        nothing_stays(home)
    finally:
        subprocess.run(["umount", str(cache)], check=True)


def test_a_fault_while_writing_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEPORT_FAULT", "boot.disk_full")
    with pytest.raises(errors.DiskFull), booted():
        pass
    nothing_stays(home)


# ------------------------------------------------------------------------- sweep


def aged(path: Path) -> Path:
    os.utime(path, (time.time() - 2 * YOUNG,) * 2)
    return path


def test_what_was_killed_is_swept_away_and_what_lives_stays(home: Path) -> None:
    dead, refused, live, young = (Path(make()) for _ in range(4))
    (dead / "ipython").mkdir()
    (dead / "ipython" / "history").write_text("x")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(refused / "supervisor.sock"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(live / "supervisor.sock"))
        listening.listen()
        for path in (dead, refused, live):
            aged(path)
        sweep(str(dead.parent))
    assert sorted(path.name for path in left_in(home)) == sorted((live.name, young.name))


def test_other_machines_that_share_the_home_are_left_alone(home: Path) -> None:
    made = Path(make())
    other = aged(made.rename(made.with_name("00000000-12345678")))
    sweep(str(other.parent))
    assert other.exists()


def test_removing_follows_no_link(home: Path) -> None:
    (home / "precious").mkdir()
    (home / "precious" / "file").write_text("x")
    made = Path(make())
    (made / "link").symlink_to(home / "precious")
    remove(str(made))
    remove(str(made))
    assert not made.exists()
    assert not made.parent.exists()
    assert (home / "precious" / "file").exists()


def test_what_a_supervisor_that_was_killed_has_left_is_cleared_away_and_no_other(home: Path) -> None:
    killed, alive, ending = Path(make()), Path(make()), Path(make())
    (ending / "file").touch()
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as dead:
        listening.bind(str(alive / SOCKET_NAME))
        listening.listen()
        dead.bind(str(killed / SOCKET_NAME))
        for directory in (killed, alive, ending):
            clear_away(str(directory))
    assert [each.exists() for each in (killed, alive, ending)] == [False, True, True]


def test_the_last_one_takes_the_empty_parent_along(home: Path) -> None:
    first, second = make(), make()
    remove(first)
    assert Path(second).exists()
    remove(second)
    assert not (home / ".cache" / "pyteleport").exists()


def test_it_imports_little() -> None:
    """It runs in the first stage, where every import is waited for."""
    load = "import pyteleport_jupyter.remote.runtime_directory"
    program = f"import sys; before = set(sys.modules); {load}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"tempfile", "shutil", "subprocess", "pathlib", "IPython", "zmq"} & set(done.stdout.split())
