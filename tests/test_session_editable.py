"""A project that was installed in place (``pip install -e``) travels with its state, its edits and its source: pip
installs it here for real, by a path file or by a finder, and the other interpreter does not have it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from inventory_kernels import LocalKernel, environment_in, give_pip

BACKEND = """
import os, zipfile
def build_editable(folder, settings=None, metadata=None):
    name, info = "project-1.0-py3-none-any.whl", "project-1.0.dist-info/"
    root = os.path.join(os.getcwd(), "src")
    files = {info + "METADATA": "Metadata-Version: 2.1\\nName: project\\nVersion: 1.0\\n",
             info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n", **links(root)}
    files[info + "RECORD"] = "".join(path + ",,\\n" for path in [*files, info + "RECORD"])
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, content in files.items():
            wheel.writestr(path, content)
    return name
def get_requires_for_build_editable(settings=None):
    return []
"""

LINKS = {
    "path file": """
def links(root):
    return {"_project.pth": root}
""",
    # As setuptools does it.
    "finder": '''
FINDER = """
import sys
from importlib.util import spec_from_file_location
class Finder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "project":
            return spec_from_file_location(name, ROOT + "/project/__init__.py", submodule_search_locations=[ROOT + "/project"])
def install():
    sys.meta_path.append(Finder)
"""
def links(root):
    start = "import __editable___project_finder; __editable___project_finder.install()"
    return {"__editable__.project.pth": start, "__editable___project_finder.py": f"ROOT = {root!r}\\n{FINDER}"}
''',
}

PROJECT = {
    "pyproject.toml": (
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "project"\nversion = "1.0"\n'
    ),
    "src/project/__init__.py": "from project.parts import Part\ncount = 0\ndef size(): return 1\n",
    "src/project/parts.py": "class Part:\n    def __init__(self, n): self.n = n\n    def twice(self): return 2 * self.n\n",
    "src/project/later.py": "value = 42\n",
}

USE = """
import importlib, os, pathlib, sys, time
import project
here, part, made = os.getpid(), project.Part(4), project.Part
project.count = 7
path = pathlib.Path(project.__file__)
path.write_text(path.read_text().replace('return 1', 'return 2'))
os.utime(path, (time.time() + 5,) * 2)
importlib.reload(project); size = project.size
"""

LOOK = """
import inspect
from project import later
print(os.getpid() != here, size(), project.count, part.twice(), type(part) is made is sys.modules['project.parts'].Part,
      later.value, 'return 2' in inspect.getsource(size))
"""


@pytest.mark.parametrize("style", LINKS)
def test_a_project_installed_in_place_travels(tmp_path: Path, style: str) -> None:
    here, there = environment_in(tmp_path / "here"), environment_in(tmp_path / "there")
    for path, content in {**PROJECT, "backend.py": BACKEND + LINKS[style]}.items():
        file = tmp_path / "work" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    give_pip(here)
    pip = [
        here,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-build-isolation",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "--editable", str(tmp_path / "work")], check=True, capture_output=True, timeout=120)
    with LocalKernel(tmp_path, here) as kernel:
        made = kernel.run(USE)
        assert not made.error, made.error
        moved = kernel.run(f"%teleport local --python {there}\n" + LOOK)
        assert moved.text == "True 2 0 8 True 42 True\n", moved.error
