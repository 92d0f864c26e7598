"""What a restore has made is taken away again when the move fails, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from script_runs import Scripts, scripts

from pyteleport_jupyter import made_files

__all__ = ["scripts"]


def write(path: Path, content: bytes) -> None:
    """As the reducers of files do."""
    made = not path.exists()
    with open(path, "ab") as file:
        made_files.file_grows(file.fileno(), str(path), len(content), made)
        file.write(content[os.fstat(file.fileno()).st_size :])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder in which a restore has made files; the journal is beside it."""
    place = tmp_path / "place"
    place.mkdir()
    (place / "log").write_bytes(b"one\n")
    with made_files.noting(str(tmp_path)):
        made_files.make_folders(str(place / "new" / "newer"))
        write(place / "new" / "newer" / "file", b"contents")
        write(place / "log", b"one\ntwo\n")
        (place / "tree").mkdir()
        made_files.tree_made(str(place / "tree"))
        (place / "tree" / "inside").write_bytes(b"")
    assert (place / "log").read_bytes() == b"one\ntwo\n"
    return place


def test_all_is_as_it_was_before(place: Path) -> None:
    made_files.undo(str(place.parent))
    assert [path.name for path in place.rglob("*")] == ["log"]
    assert (place / "log").read_bytes() == b"one\n"


def somebody_has_written(file: Path) -> None:
    file.write_bytes(b"contents, and more of them")


def somebody_has_replaced_it(file: Path) -> None:
    file.with_name("other").write_bytes(b"short")
    os.replace(file.with_name("other"), file)


def somebody_has_put_a_link_there(file: Path) -> None:
    file.rename(file.with_name("other"))
    file.symlink_to("other")


OTHERS = [somebody_has_written, somebody_has_replaced_it, somebody_has_put_a_link_there]


@pytest.mark.parametrize("other", OTHERS)
def test_what_somebody_else_has_touched_stays(other: Callable[[Path], None], place: Path) -> None:
    other(place / "new" / "newer" / "file")
    made_files.undo(str(place.parent))
    assert (place / "new" / "newer" / "file").read_bytes()
    assert (place / "log").read_bytes() == b"one\n"


def test_a_journal_that_is_cut_off_or_strange_does_no_harm(place: Path) -> None:
    journal = place.parent / made_files.JOURNAL_NAME
    journal.write_bytes(b"[]\n{}\n1\n" + journal.read_bytes() + b'{"path": "/etc/hos')
    made_files.undo(str(place.parent))
    assert [path.name for path in place.rglob("*")] == ["log"]


def test_a_program_that_cannot_be_restored_leaves_no_file_there(scripts: Scripts) -> None:
    """Its folder is missing there: on this one machine, because the first object removes it."""
    done = scripts.run("""
        import shutil
        from pyteleport_jupyter.errors import TeleportError

        class Remover:
            def __reduce__(self):
                return shutil.rmtree, ("data",)

        class Stubborn:
            def __reduce__(self):
                return stay, ()

        def stay():
            raise ValueError(f"I stay, {os.listdir('data')}")

        remover = Remover()
        os.mkdir("data")
        file = open("data/file", "w+")
        file.write("contents")
        stubborn = Stubborn()
        try:
            teleport("local", with_files=True)
        except TeleportError as error:
            print(error)
        print(os.path.exists("data"))
    """)
    assert done.returncode == 0
    assert "I stay, ['file']" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"
