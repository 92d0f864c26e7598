"""The package that is kept ready: used only while it is what would be made anew, and only if nobody else can
have written it.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from pyteleport_jupyter.remote import kept_package


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was made so far, by :func:`package`, of a package of one module."""
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/__init__.py").write_text("")
    (tmp_path / "packed/module.py").write_text("value = 1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    return []


def package(made: list[bytes]) -> bytes:
    """The package, made in a way that tells how often that was done."""

    def make() -> bytes:
        made.append(b"made %d" % (len(made) + 1))
        return made[-1]

    return kept_package.kept(["packed"], make)


def test_it_is_made_once_and_again_when_a_file_has_changed(made: list[bytes], tmp_path: Path) -> None:
    assert [package(made), package(made)] == [b"made 1", b"made 1"]
    (tmp_path / "packed/module.py").write_text("value = 12")
    assert [package(made), package(made)] == [b"made 2", b"made 2"]
    (tmp_path / "packed/another.py").write_text("")
    assert package(made) == b"made 3"
    assert [path.name for path in (tmp_path / "cache/pyteleport-jupyter").iterdir()] == [
        os.path.basename(kept_package.path_of_kept())
    ]


def test_without_a_home_nothing_is_written(
    made: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.chdir(tmp_path)
    assert [package(made), package(made)] == [b"made 1", b"made 2"]
    assert not (tmp_path / "~").exists()


def test_files_in_an_archive_are_packed_each_time(
    made: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "packed/module.py").unlink()
    (tmp_path / "packed/__init__.py").unlink()
    (tmp_path / "packed").rmdir()
    with zipfile.ZipFile(tmp_path / "library.zip", "w") as archive:
        archive.writestr("packed/__init__.py", "")
    monkeypatch.syspath_prepend(tmp_path / "library.zip")
    assert [package(made), package(made)] == [b"made 1", b"made 2"]


def damage(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def open_to_others(path: Path) -> None:
    path.chmod(0o622)


def lead_elsewhere(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def be_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("harm", [damage, cut_off, open_to_others, lead_elsewhere, be_a_pipe])
def test_what_is_not_as_we_left_it_is_made_anew(harm: object, made: list[bytes]) -> None:
    package(made)
    assert callable(harm)
    harm(Path(kept_package.path_of_kept()))
    assert [package(made), package(made)] == [b"made 2", b"made 2"]


def test_nobody_else_can_read_it_and_a_cache_that_cannot_be_written_is_no_failure(
    made: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(made)
    kept = Path(kept_package.path_of_kept())
    assert (kept.stat().st_mode & 0o777, kept.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [package(made), package(made)] == [b"made 2", b"made 3"]
