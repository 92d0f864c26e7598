"""Targets that are commands: a job of a batch system, and a box as ``docker exec -i`` would lead into one."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import slurm_node
from conftest import missing
from errand_kernels import ErrandKernel
from frontends import eventually

PYTHON = f"--python {sys.executable}"
LOOP = """rows = []
for i in range(4):
    if i == 2:
        %teleport {target}
    rows.append({where})
rows"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ErrandKernel]:
    kernel = ErrandKernel(tmp_path_factory.mktemp("commands"))
    yield kernel
    kernel.end()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Mapping[str, str]]:
    """What commands of Slurm need in their environment."""
    if os.geteuid() != 0:
        pytest.skip("Slurm is started by root")
    if lacking := slurm_node.lacking():
        missing(lacking)
    # Slurm's daemons want every folder above theirs to be open to others: those of pytest are not.
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder:
        Path(folder).chmod(0o755)
        with slurm_node.slurm(Path(folder)) as environment:
            yield environment


def jobs(cluster: Mapping[str, str]) -> str:
    """What the cluster runs."""
    asked = subprocess.run(
        ["squeue", "-h"], env={**cluster, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )
    return asked.stdout


def test_a_session_goes_into_a_job_and_home(kernel: ErrandKernel, cluster: Mapping[str, str]) -> None:
    kernel.run(f"import os; os.environ.update({dict(cluster)!r})")
    target = f'"cmd:srun -n1 bash" {PYTHON}'
    run = kernel.run(LOOP.format(target=target, where="'SLURM_JOB_ID' in os.environ"))
    assert run.result == "[False, False, True, True]", run.error or run.text("stderr")
    assert jobs(cluster)
    kernel.run("every = bytes(range(256)) * 4000")
    assert kernel.run("%teleport home\n'SLURM_JOB_ID' in os.environ").result == "False"
    assert kernel.value("every == bytes(range(256)) * 4000")
    assert eventually(lambda: not jobs(cluster), 60), jobs(cluster)


@pytest.mark.nightly
def test_cells_in_a_job_which_ends_with_their_kernel(cluster: Mapping[str, str], tmp_path: Path) -> None:
    kernel = ErrandKernel(tmp_path)
    kernel.run(f"import os, time; os.environ.update({dict(cluster)!r}); seen = []")
    there = f'%%teleport "cmd:srun -n1 bash" {PYTHON}\n'
    run = kernel.run(there + "seen.append(os.environ['SLURM_JOB_ID'])\nseen[0]")
    assert run.error is None, run.error
    assert kernel.run(there + "os.environ['SLURM_JOB_ID'] == seen[0]").result == "True"
    stopped = kernel.run(there + "print('begun', flush=True)\ntime.sleep(600)", stop_at="begun")
    assert stopped.error == "KeyboardInterrupt: "
    kernel.end()
    assert eventually(lambda: not jobs(cluster), 60), jobs(cluster)


@pytest.fixture
def home() -> Iterator[Path]:
    """The home in the box. With a short name: sockets will lie in it."""
    with tempfile.TemporaryDirectory(prefix="box-") as folder:
        yield Path(folder)


def test_a_session_goes_into_a_box_and_home(kernel: ErrandKernel, home: Path) -> None:
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        missing("bubblewrap is not installed")
    words = [
        bwrap, "--unshare-pid", "--unshare-uts", "--unshare-ipc", "--unshare-net", "--hostname", "box",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(home), str(home),
        "--setenv", "HOME", str(home), "--unsetenv", "XDG_RUNTIME_DIR", "--chdir", str(home), "bash",
    ]  # fmt: skip
    tried = subprocess.run([*words, "-c", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        missing(f"bubblewrap does not work here: {tried.stderr}")
    kernel.run("import os, socket; name = socket.gethostname()")
    run = kernel.run(LOOP.format(target=f"'cmd:{shlex.join(words)}' {PYTHON}", where="socket.gethostname()"))
    assert run.error is None, run.error
    assert kernel.value("rows == [name, name, 'box', 'box'], os.environ['HOME']") == (True, str(home))
    assert kernel.run("%teleport home\nsocket.gethostname() == name").result == "True"
    assert eventually(lambda: not list((home / ".cache").glob("pyteleport*/*")))
