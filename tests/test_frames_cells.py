"""What a running cell cannot take with it is refused by name in a real kernel, and the cell goes on where it
was."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from session_kernels import Session

REFUSED = {
    "executor": (
        "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor() as pool:\n    hop()",
        "ThreadPoolExecutor",
    ),
    "process": (
        "import subprocess, sys\nwith subprocess.Popen(['sleep', '0.1']) as process:\n    hop()",
        "Popen",
    ),
    "thread": ("import threading\nthread = threading.Thread(target=print)\nhop()", "thread"),
    "profiler": ("%prun -q hop()", "cProfile|[Pp]rofile"),
    "sorted": ("sorted([1], key=lambda x: hop())", "through sorted, which is written in C"),
    "lookup": (
        "class Key:\n    def __hash__(self):\n        hop()\n        return 1\n{Key(): 1}",
        "a dict display|BUILD_MAP",
    ),
    "set_name": (
        "class Named:\n    def __set_name__(self, owner, name):\n        hop()\n"
        "try:\n    class Made:\n        first, second = Named(), Named()\n"
        "except RuntimeError as error:\n    raise error.__cause__",  # 3.11 wraps it
        "makes an object or a class by it",
    ),
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = Session(tmp_path_factory.mktemp("session"), hops=True)
    session.run("from session_hop import hop")
    yield session
    session.end()


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_by_name(name: str, session: Session) -> None:
    cell, words = REFUSED[name]
    *_, (kind, reply) = session.run(cell)
    session.run("%reset_selective -f ^(pool|process|thread)$")
    assert (kind, reply["status"]) == ("execute_reply", "error")
    assert reply["ename"] in ("FrameRefused", "ObjectsRefused", "ThreadsRunning")
    found = re.search(words, reply["evalue"])
    assert found, reply["evalue"]
    assert session.jumps == 0
