"""What the relay owes to the processes around it."""

from __future__ import annotations

import os
import subprocess
import sys

from relay_lab import PACKAGE_ROOT

NOBODY_READS = """
import os, threading
from pyteleport_jupyter.relay.processes import pass_on_captured
read_fd, write_fd = os.pipe()
pass_on_captured((read_fd,))
def child():
    for _ in range(64):
        os.write(write_fd, b'x' * 65536)
    os.close(write_fd)
writer = threading.Thread(target=child)
writer.start()
print('still here', file=__import__('sys').stderr, flush=True)
writer.join()
while any(thread.name == 'captured' for thread in threading.enumerate()):
    pass
"""


def test_output_that_nobody_reads_holds_up_only_who_writes_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", NOBODY_READS],
        env={**os.environ, "PYTHONPATH": PACKAGE_ROOT},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        # The loop's thread goes on although standard output is full...
        assert process.stderr.readline() == b"still here\n"
        # ...and all of it comes when it is read.
        written, complaints = process.communicate(timeout=60)
    assert written == b"x" * 65536 * 64
    assert complaints == b""
