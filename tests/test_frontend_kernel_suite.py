"""``jupyter_kernel_test`` on a kernel that has teleported at its start."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import uuid
from pathlib import Path

import jupyter_kernel_test
import psutil
import pytest
from relay_lab import MARK, PACKAGE_ROOT, TESTS, eventually, marked_processes, remains

PATCH = pytest.MonkeyPatch()


class TestTeleportedKernel(jupyter_kernel_test.KernelTests):
    """The suite as it is, with the samples that ipykernel's own tests use."""

    kernel_name = "teleported"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [{"text": "zi", "matches": {"zip"}}]
    complete_code_samples = ["1", "print('hello, world')", "f(\n  1\n)\n"]
    incomplete_code_samples = ["for i in range(3):\n", "f(1,\n"]
    invalid_code_samples = ["import = 7q", "1 +* 2"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('on purpose')"
    code_execute_result = [{"code": "1+2+3", "result": "6"}, {"code": "[n*n for n in range(3)]"}] * 2
    code_display_data = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))", "mime": "text/html"},
        {"code": "from IPython.display import Math, display; display(Math('x'))", "mime": "text/latex"},
    ]
    code_history_pattern = "1?2*"
    # "range" fails on every ipykernel: its answer calls the current session 0, the suite expects its number.
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"

    @classmethod
    def setUpClass(cls) -> None:
        """Install the kernel where Jupyter finds it, and let the suite start it."""
        cls.mark = uuid.uuid4().hex
        # Not pytest's tmp_path: paths of unix sockets are limited to 107 bytes.
        cls.directory = Path(tempfile.mkdtemp(prefix="suite-"))
        write_specification(cls.directory / "jupyter/kernels/teleported/kernel.json")
        PATCH.setenv("JUPYTER_PATH", str(cls.directory / "jupyter"))
        PATCH.setenv("IPYTHONDIR", str(cls.directory / "ipython"))
        PATCH.setenv("XDG_RUNTIME_DIR", str(cls.directory))
        PATCH.setenv("PYTHONPATH", os.pathsep.join([TESTS, PACKAGE_ROOT]))
        PATCH.setenv(MARK, cls.mark)
        try:
            super().setUpClass()
        finally:
            PATCH.undo()

    @classmethod
    def tearDownClass(cls) -> None:
        """Nothing of it may stay."""
        super().tearDownClass()
        cls.kc.context.destroy(linger=0)
        cls.km.cleanup_resources()
        shutil.rmtree(cls.directory / "jupyter")
        assert eventually(lambda: not marked_processes(cls.mark)), marked_processes(cls.mark)
        assert remains(cls.directory) == []
        shutil.rmtree(cls.directory)

    def test_the_kernel_has_really_moved(self) -> None:
        """The process that the manager started is the relay, and cells run in another one."""
        self.flush_channels()
        _, output = self.execute_helper("import os; print(os.getpid())")
        started = self.km.provisioner.pid
        assert int(output[0]["content"]["text"]) != started
        assert "relay" in " ".join(psutil.Process(started).cmdline())


def write_specification(path: Path) -> None:
    """A kernel.json of the kernel that teleports at its start."""
    path.parent.mkdir(parents=True, mode=0o700)
    argv = [sys.executable, str(Path(TESTS) / "teleported_at_start.py"), "{connection_file}"]
    path.write_text(json.dumps({"argv": argv, "display_name": "teleported", "language": "python"}))
