"""A gigabyte on its way: against the bare wire of the same transport, and against what people do by hand.

``python -m benchmarks shipping`` runs these rows alone. Everything is measured in one run, in turns, since
the machine may have other things to do; what a move costs without anything to ship is taken off.
"""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from lab import LabKernel

from .scene import Scene, kernel
from .table import Row, spread

ROUNDS = 3
SIZE = 1 << 30
CELL_SECONDS = 600.0

ARRAY = f"""
import numpy
data = numpy.random.default_rng(1).integers(0, 1 << 62, {SIZE} // 8)
"""

MIXED = """
import numpy, pandas, pickle
from dataclasses import dataclass
from pathlib import Path
@dataclass
class Point:
    x: int
    y: float
arrays = [numpy.random.default_rng(n).random(16 << 20) for n in range(3)]
frame = pandas.DataFrame({f"c{n}": numpy.random.default_rng(n).random(1 << 20) for n in range(8)})
entries = {str(n): (n, [n]) for n in range(1_000_000)}
points = [Point(n, n / 2) for n in range(100_000)]
"""

SERIALIZE = """
import time, io, cloudpickle
began, buffers = time.monotonic(), []
text = cloudpickle.dumps((arrays, frame, entries, points), protocol=5, buffer_callback=buffers.append)
print(time.monotonic() - began, len(text) + sum(buffer.raw().nbytes for buffer in buffers))
del text, buffers
"""

MOVE = """
import time, os, resource
def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))
before = peak(), time.monotonic()
%teleport --quiet {options} {alias}
print(time.monotonic() - before[1], before[0], peak())
"""

WIRE = """
import os, time
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.targets import parse_target
from pyteleport_jupyter.transports import close_link
transport = parse_target("{alias}", make_options(via={via!r})).transport
link = transport.spawn("echo ready; cat >/dev/null; echo done")
def hear(word, heard=b""):
    while word not in heard:
        data = os.read(link.read_fd, 100)
        assert data, "the wire broke"
        heard += data
hear(b"ready")
began, content = time.monotonic(), memoryview(bytearray({size}))
began = time.monotonic()
for start in range(0, len(content), 1 << 18):
    piece = content[start:start + (1 << 18)]
    while piece:
        piece = piece[os.write(link.write_fd, piece):]
os.close(link.write_fd)
hear(b"done")
print(time.monotonic() - began)
"""

BY_DILL = """
import dill, subprocess, time
began = time.monotonic()
dill.dump_session("/dev/shm/bench-session")
path = "/dev/shm/bench-session"
subprocess.run(["scp", "-q", *{config!r}, path, "{alias}:" + path], check=True)
load = "import dill; dill.load_session('/dev/shm/bench-session')"
there = f'{python} -c "{{load}}"; rm -f /dev/shm/bench-session'
subprocess.run(["ssh", *{config!r}, "{alias}", there], check=True)
print(time.monotonic() - began)
os.unlink("/dev/shm/bench-session")
"""

BY_CLOUDPICKLE = """
import cloudpickle, os, subprocess, time
began = time.monotonic()
text = cloudpickle.dumps(data)
load = "import pickle, sys; pickle.loads(sys.stdin.buffer.read())"
subprocess.run(["ssh", *{config!r}, "{alias}", f'{python} -c "{{load}}"'], input=text, check=True)
print(time.monotonic() - began)
del text
"""
"""Both include a connection, as a move does; ours is compared with them whole."""


@dataclass(frozen=True)
class Way:
    """A way to the other host, and what it may cost over its bare wire."""

    name: str
    options: str
    via: str | None
    goal: float


WAYS = (Way("paramiko", "--via paramiko", "paramiko", 1.15), Way("system ssh", "--via ssh", "ssh", 1.20))


def run(started: LabKernel, code: str) -> list[float]:
    """The numbers that a cell prints last."""
    done = started.execute(code, timeout=CELL_SECONDS)
    if done.error is not None:
        raise SystemExit(f"the benchmark failed: {done.error}\n{code}")
    return [float(word) for word in done.text().split("\n")[-2].split()]


def compare(scene: Scene, rounds: int = ROUNDS) -> list[Row]:
    """All rows."""
    rows = [row for way in WAYS for row in array_over_wire(scene, way, rounds)]
    return [*rows, sender(scene), again(scene, rounds), *by_hand(scene, rounds), mixed(scene, rounds)]


def moved(scene: Scene, set_up: str, options: str = "") -> list[float]:
    """Seconds of a move, and the highest memory before it here and after it there."""
    with kernel(scene) as started:
        if set_up:
            started.execute(set_up, timeout=CELL_SECONDS)
        return run(started, MOVE.format(options=options, alias=scene.alias))


def wire(scene: Scene, via: str | None, size: int = SIZE) -> float:
    """Seconds for as many bytes by the same transport into ``cat``, from ready to done."""
    with kernel(scene) as started:
        return run(started, WIRE.format(alias=scene.alias, via=via, size=size))[0]


def array_over_wire(scene: Scene, way: Way, rounds: int) -> list[Row]:
    """One gigabyte in one array."""
    shipped, wires, receivers = [], [], []
    for _ in range(rounds):
        empty, _, base = moved(scene, "import numpy", way.options)
        seconds, _, peak = moved(scene, ARRAY, way.options)
        wires.append(wire(scene, way.via))
        shipped.append(seconds - empty)
        receivers.append((peak - base) / SIZE)
    ratio = statistics.median(ours / theirs for ours, theirs in zip(shipped, wires, strict=True))
    memory = statistics.median(receivers)
    return [
        Row(
            f"1 GiB array by {way.name}",
            spread(shipped, "s"),
            f"bare wire: {spread(wires, 's')}",
            f"{ratio:.2f} x",
            f"<= {way.goal:.2f} x",
            ratio <= way.goal,
        ),
        Row(
            f"receiver's peak by {way.name}",
            f"{memory:.3f} x data",
            "data",
            f"{memory:.3f} x",
            "<= 1.05 x",
            memory <= 1.05,
        ),
    ]


def by_hand(scene: Scene, rounds: int) -> list[Row]:
    """Against dill and cloudpickle over ssh, all of it from the first command to the loaded session."""
    from .starting import config_option

    facts = {"config": config_option(scene), "alias": scene.alias, "python": "python3"}
    peers: tuple[tuple[str, str, float], ...] = (
        ("dill.dump_session, scp, load_session", BY_DILL, 2.5),
        ("cloudpickle.dumps, ssh, loads", BY_CLOUDPICKLE, 1.4),
    )
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name, _, _ in peers}
    for _ in range(rounds):
        ours.append(moved(scene, ARRAY, "--via ssh")[0])
        for name, code, _ in peers:
            with kernel(scene) as started:
                started.execute(ARRAY, timeout=CELL_SECONDS)
                theirs[name].append(run(started, code.format(**facts))[0])
    return [_faster(name, ours, theirs[name], goal) for name, _, goal in peers]


def _faster(name: str, ours: list[float], theirs: list[float], goal: float) -> Row:
    ratio = statistics.median(theirs) / statistics.median(ours)
    return Row(
        "1 GiB session, whole move",
        spread(ours, "s"),
        f"{name}: {spread(theirs, 's')}",
        f"{ratio:.1f} x faster",
        f">= {goal} x",
        ratio >= goal,
    )


def mixed(scene: Scene, rounds: int) -> Row:
    """Arrays, a frame, a large dict and many instances, over the slower of pickling them and the wire."""
    shipped, floors = [], []
    for _ in range(rounds):
        empty = moved(scene, "import numpy, pandas", "--via ssh")[0]
        with kernel(scene) as started:
            started.execute(MIXED, timeout=CELL_SECONDS)
            serialize, size = run(started, SERIALIZE)
            seconds = run(started, MOVE.format(options="--via ssh", alias=scene.alias))[0]
        shipped.append(seconds - empty)
        floors.append(max(serialize, wire(scene, "ssh", int(size))))
    ratio = statistics.median(ours / floor for ours, floor in zip(shipped, floors, strict=True))
    return Row(
        "mixed session",
        spread(shipped, "s"),
        f"max(serialize, wire): {spread(floors, 's')}",
        f"{ratio:.2f} x",
        "<= 1.25 x",
        ratio <= 1.25,
    )


class Watch:
    """The highest memory of the departing kernel, for the length of a ``with``: until it is a relay.

    The system keeps the highest of each process, and forgets it when told to (proc(5), clear_refs), and by
    exec: so it is read time and again.
    """

    def __init__(self, started: LabKernel) -> None:
        self._process = Path(f"/proc/{started.process.pid}")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory")
        (self._process / "clear_refs").write_text("5")
        self.before = self._highest()
        self.highest = self.before
        self.looks = 0

    def _highest(self) -> int:
        lines = (self._process / "status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))

    def _look(self) -> None:
        while not self._over.wait(0.005):
            try:
                self.highest = max(self.highest, self._highest())
            except (OSError, StopIteration):
                return
            self.looks += 1

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def sender(scene: Scene) -> Row:
    """What a gigabyte in one array costs the departing kernel besides."""
    with kernel(scene) as started:
        # What a move needs anyway is loaded by one that is refused.
        started.execute(ARRAY + "import socket; line = socket.socket()", timeout=CELL_SECONDS)
        if started.execute(f"%teleport --quiet {scene.alias}", timeout=CELL_SECONDS).error is None:
            raise SystemExit("the benchmark failed: a socket has moved")
        started.execute("line.close(); del line")
        with Watch(started) as watch:
            run(started, MOVE.format(options="--via ssh", alias=scene.alias))
    extra = (watch.highest - watch.before) / (1 << 20)
    what = "sender's extra memory, 1 GiB array"
    return Row(what, f"{extra:.1f} MiB", f"{watch.looks} looks at it", "", "<= 16 MiB", extra <= 16)


AGAIN = """
%%teleport {alias}
data.shape
"""


def again(scene: Scene, rounds: int) -> Row:
    """A gigabyte that was sent before and has not changed, over sending it in full."""
    full, repeated = [], []
    for _ in range(rounds):
        with kernel(scene) as started:
            started.execute("import numpy\n", timeout=CELL_SECONDS)
            timed(started, f"%%teleport {scene.alias}\nnumpy.pi")
            started.execute(ARRAY, timeout=CELL_SECONDS)
            full.append(timed(started, AGAIN.format(alias=scene.alias).lstrip()))
            repeated.append(timed(started, AGAIN.format(alias=scene.alias).lstrip()))
    ratio = statistics.median(later / first for first, later in zip(full, repeated, strict=True))
    return Row(
        "1 GiB unchanged, %%teleport again",
        spread(repeated, "s"),
        f"the first time: {spread(full, 's')}",
        f"{ratio:.2f} x",
        "<= 0.10 x",
        ratio <= 0.10,
    )


def timed(started: LabKernel, code: str) -> float:
    """Seconds of a cell."""
    began = time.monotonic()
    done = started.execute(code, timeout=CELL_SECONDS)
    if done.error is not None:
        raise SystemExit(f"the benchmark failed: {done.error}\n{code}")
    return time.monotonic() - began
