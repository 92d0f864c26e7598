"""Large downloads through paramiko, which used to stall where both sides wanted new keys at a time."""

from __future__ import annotations

from .scene import Scene, kernel
from .shipping import run
from .table import Row

COUNT = 20
SIZE = 600 * 1000 * 1000

DOWNLOADS = """
import os, select, time
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.targets import parse_target
from pyteleport_jupyter.transports import close_link
transport = parse_target("{alias}", make_options(via="paramiko")).transport
def is_whole():
    link, left = transport.spawn("head -c {size} /dev/zero"), {size}
    while left and select.select([link.read_fd], [], [], 30)[0]:
        data = os.read(link.read_fd, min(left, 1 << 20))
        if not data:
            break
        left -= len(data)
    close_link(link)
    return not left
began = time.monotonic()
whole = sum(is_whole() for _ in range({count}))
print(time.monotonic() - began, whole)
"""


def compare(scene: Scene, count: int = COUNT) -> list[Row]:
    """The one row."""
    with kernel(scene) as started:
        seconds, whole = run(started, DOWNLOADS.format(alias=scene.alias, size=SIZE, count=count))
    stalls = count - int(whole)
    what = f"{count} downloads of {SIZE // 10**6} MB by paramiko"
    return [Row(what, f"{seconds:.0f} s", "", f"{stalls} stalls", "0 stalls", not stalls)]
