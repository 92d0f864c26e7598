"""The survey reads versions from the folders of the installed packages, and agrees with
importlib.metadata.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from pyteleport_jupyter.remote.survey import package_versions, survey


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def install(site: Path, module: str, distribution: str, version: str, **files: str) -> None:
    (site / module).mkdir()
    (site / module / "__init__.py").write_text("raise ImportError('nobody may import me')")
    metadata = site / f"{distribution}-{version}.dist-info"
    metadata.mkdir()
    for name, content in files.items():
        (metadata / name.replace("_txt", ".txt")).write_text(content)


def test_real_packages() -> None:
    versions = package_versions(["zmq", "IPython", "cloudpickle", "pytest", "json", "no_such_thing", "sys"])
    assert versions == {
        "zmq": importlib.metadata.version("pyzmq"),
        "IPython": importlib.metadata.version("ipython"),
        "cloudpickle": importlib.metadata.version("cloudpickle"),
        "pytest": importlib.metadata.version("pytest"),
        "json": "",
        "sys": "",
        "no_such_thing": None,
    }


def test_names_are_normal(site: Path) -> None:
    install(site, "My_Package", "my.package", "1.2.3")
    assert package_versions(["My_Package"]) == {"My_Package": "1.2.3"}


@pytest.mark.parametrize(
    "files", [{"top_level_txt": "skl\nother\n"}, {"RECORD": "skl/__init__.py,sha256=x,1\n"}]
)
def test_a_module_named_otherwise_than_its_distribution(site: Path, files: dict[str, str]) -> None:
    install(site, "skl", "scikit_learn", "1.5.0", **files)
    assert package_versions(["skl"]) == {"skl": "1.5.0"}


def test_nothing_is_imported(site: Path) -> None:
    install(site, "trap", "trap", "1")
    assert package_versions(["trap", "trap.inner"])["trap"] == "1"
    assert "trap" not in sys.modules


def test_the_first_on_the_path_wins(site: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    install(site, "twice", "twice", "1")
    earlier = tmp_path_factory.mktemp("earlier")
    install(earlier, "twice", "twice", "2")
    sys.path.insert(0, str(earlier))
    assert package_versions(["twice"]) == {"twice": "2"}


def test_a_plain_file_has_no_version(site: Path) -> None:
    (site / "helpers.py").write_text("")
    assert package_versions(["helpers"]) == {"helpers": ""}


@pytest.mark.parametrize("name", ["", ".", "a.b.c", "..", "with space", "\0", "pyteleport_jupyter.nothing"])
def test_strange_names_are_missing_and_harmless(name: str) -> None:
    assert package_versions([name]) == {name: None}


def test_the_survey_names_what_it_stands_on() -> None:
    answer = survey(["zmq"])
    assert answer["python"] == sys.version.split()[0]
    assert answer["executable"] == sys.executable
    assert answer["ipykernel"] == importlib.metadata.version("ipykernel")
    assert answer["ipython"] == importlib.metadata.version("ipython")
    assert answer["packages"] == {"zmq": importlib.metadata.version("pyzmq")}


def test_folders_of_the_session_count_where_they_exist(tmp_path: Path) -> None:
    (tmp_path / "mymod_of_the_user.py").write_text("x = 1\n")
    name = "mymod_of_the_user"
    assert package_versions([name]) == {name: None}
    assert package_versions([name], [str(tmp_path), "/nowhere", "relative"]) == {name: ""}
