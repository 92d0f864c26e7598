"""The package on its way: complete, the same each time, importable there, and no key to other people's
files.
"""

from __future__ import annotations

import hashlib
import io
import marshal
import os
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from pyteleport_jupyter.remote import first_stage, package_zip
from pyteleport_jupyter.remote.package_finder import BOOT, SERVED


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "package.zip"
    path.write_bytes(zlib.decompress(package_zip.packed_zip()))
    return path


def run_there(
    package: Path, program: str, *flags: str, cwd: Path | None = None, **environment: str
) -> list[str]:
    """Lines that ``program`` prints when it runs in place of the supervisor."""
    source = BOOT.replace(
        "import run;run()", f"import run,install;del sys.path[0];install(z);exec({program!r})"
    )
    done = subprocess.run(
        [sys.executable, *flags, "-c", source, str(package), "supervisor"],
        capture_output=True,
        text=True,
        cwd=cwd or package.parent,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_it_is_the_same_each_time() -> None:
    first = package_zip.package_zip.__wrapped__()
    assert first == package_zip.package_zip.__wrapped__()


def test_it_holds_every_module_of_ours_and_cloudpickle(package: Path) -> None:
    import pyteleport_jupyter

    with zipfile.ZipFile(package) as archive:
        names = {name.removesuffix("c") for name in archive.namelist()}
        assert {name.split("/")[0] for name in names} == set(SERVED)
    root = Path(pyteleport_jupyter.__file__).parent
    modules = {f"pyteleport_jupyter/{path.relative_to(root)}" for path in root.rglob("*.py")}
    left_out = ("pyteleport_jupyter/demo/", "pyteleport_jupyter/server_extension/")
    assert {name for name in modules if not name.startswith(left_out)} <= names


def test_it_is_not_large() -> None:
    assert len(package_zip.packed_zip()) < 1_200_000


def test_it_says_nothing_about_this_machine(package: Path) -> None:
    import pyteleport_jupyter

    assert os.fsencode(Path(pyteleport_jupyter.__file__).parent.parent) not in package.read_bytes()


@pytest.mark.parametrize("flags", [(), ("-P",), ("-O",), ("-X", "utf8")])
def test_it_is_imported_from_the_zip_and_the_path_stays_clean(package: Path, flags: tuple[str, ...]) -> None:
    program = (
        "import sys, cloudpickle, pyteleport_jupyter.wire as w\n"
        "print(cloudpickle.__file__); print(w.__file__); print(repr(sys.path))"
    )
    pickle_file, wire_file, path = run_there(package, program, *flags)
    assert pickle_file.startswith(str(package))
    assert wire_file.startswith(str(package))
    assert str(package) not in path
    assert "''" not in path


def test_files_lying_about_are_not_imported(package: Path, tmp_path: Path) -> None:
    for name in ("json", "pickle", "cloudpickle", "pyteleport_jupyter", "zipimport", "importlib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('planted')")
    program = "import json, pickle, cloudpickle, pyteleport_jupyter.wire; print('ours')"
    assert run_there(package, program, cwd=tmp_path) == ["ours"]


def test_packages_of_the_user_are_visible(package: Path, tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text("print('mine')")
    assert run_there(package, "import my_module", PYTHONPATH=str(tmp_path)) == ["mine"]
    assert run_there(package, "import sys; print(sys.flags.isolated, sys.flags.no_user_site)")[0].startswith(
        "0"
    )


def test_what_the_far_side_starts_with_imports_fast(package: Path) -> None:
    """Nothing heavy is loaded, neither before the survey is answered nor later."""
    program = "import pyteleport_jupyter.remote.supervisor, pyteleport_jupyter.remote.session_service, sys; print(*sys.modules)"
    (modules,) = run_there(package, program)
    heavy = {
        "zmq",
        "jupyter_client",
        "ipykernel",
        "IPython",
        "cloudpickle",
        "paramiko",
        "asyncio",
        "tempfile",
    }
    assert not heavy & set(modules.split())


def test_from_there_the_same_package_goes_on(package: Path) -> None:
    program = (
        "import hashlib, marshal; from pyteleport_jupyter.remote import package_zip, first_stage\n"
        "print(hashlib.sha256(package_zip.package_zip()).hexdigest())\n"
        "header = marshal.loads(first_stage.header('attach')[12:])\n"
        "print(*(f'{name}:{len(code.co_code)}' for name, code in header['modules']))"
    )
    there = run_there(package, program)
    assert there[0] == hashlib.sha256(package.read_bytes()).hexdigest()
    # Code for code, not byte for byte: marshal's output depends on who else holds the constants.
    modules = marshal.loads(first_stage.header("attach")[12:])["modules"]
    assert there[1].split() == [f"{name}:{len(code.co_code)}" for name, code in modules]


def test_the_zip_is_a_zip(package: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(package.read_bytes())) as archive:
        assert archive.testzip() is None
