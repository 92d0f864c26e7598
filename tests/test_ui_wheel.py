"""What is installed: the wheel brings the extension, and sources without node bring all but the extension."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from conftest import missing
from frontends import plain
from ui_lab import BUNDLE, CHECKOUT, bundle

TARGET = "data/share/jupyter/labextensions/pyteleport-jupyter"
MOST_BYTES = 100_000
SECONDS = 240


pytestmark = pytest.mark.timeout(600)


def hatchling(folder: Path, kind: str, out: Path, path: str | None = None) -> tuple[Path, str]:
    """Build what pip would; the file, and what was said."""
    if importlib.util.find_spec("hatchling") is None:
        missing("no hatchling: pip install '.[ui]'")
    environment = {**os.environ, "PATH": path if path is not None else os.environ["PATH"]}
    run = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(out)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    (built,) = (each for each in out.iterdir() if each.suffix in (".whl", ".gz"))
    return built, run.stdout + run.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundle()
    return hatchling(CHECKOUT, "wheel", tmp_path_factory.mktemp("wheel"))[0]


def test_the_bundle_is_small() -> None:
    bundle()
    scripts = [each.stat().st_size for each in (BUNDLE / "static").glob("*.js")]
    assert scripts
    assert sum(scripts) < MOST_BYTES


def test_the_wheel_brings_both_extensions_enabled(wheel: Path, tmp_path: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.endswith(f"{TARGET}/package.json") for name in names)
    assert not [name for name in names if "node_modules" in name or name.endswith(".map")]
    fresh = tmp_path / "fresh"
    venv.create(fresh)
    python = fresh / "bin/python"
    install(wheel, fresh)
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1", "HOME": str(tmp_path)}
    listing = "jupyterlab.labextensions", "jupyter_server.extension.serverextension"
    for module, enabled in zip(
        listing, (r"pyteleport-jupyter v\S+ .*enabled.* OK", r"pyteleport\S* .*enabled"), strict=True
    ):
        listed = subprocess.run(
            [str(python), "-m", module, "list"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
        said = plain(listed.stdout + listed.stderr)
        assert re.search(enabled, said), said
        assert str(fresh) in said


def install(wheel: Path, environment: Path) -> None:
    """By pip (or uv's); what ours depends on is taken from the environment of pytest."""
    paths = sysconfig.get_paths(vars={"base": str(environment), "platbase": str(environment)})
    Path(paths["purelib"], "dependencies.pth").write_text(f"{sysconfig.get_paths()['purelib']}\n")
    uv, python = shutil.which("uv"), str(environment / "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python] if uv is None else [uv, "pip"]
    there = [] if uv is None else ["--python", python]
    command = [*pip, "install", *there, "--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run(command, timeout=SECONDS, check=True)


def test_sources_without_node_say_what_is_missing(tmp_path: Path) -> None:
    sources, _ = hatchling(CHECKOUT, "sdist", tmp_path / "sdist")
    with tarfile.open(sources) as archive:
        names = archive.getnames()
        archive.extractall(tmp_path, filter="data")
    assert any(name.endswith("js/src/index.ts") for name in names)
    assert not [name for name in names if "node_modules" in name or "js/lib/" in name]
    (folder,) = tmp_path.glob("pyteleport_jupyter-*")
    built, said = hatchling(folder, "wheel", tmp_path / "without", path=str(tmp_path / "nothing"))
    assert "The JupyterLab extension (status bar, host picker) is left out: node is not installed" in said
    names = zipfile.ZipFile(built).namelist()
    assert "pyteleport_jupyter/__init__.py" in names
    assert not any(TARGET in name for name in names)
    assert any(name.endswith("jupyter_server_config.d/pyteleport_jupyter.json") for name in names)
