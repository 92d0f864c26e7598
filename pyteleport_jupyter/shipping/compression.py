"""Whether to compress a part, decided by a sample of it and by how fast the link is.

Compressing pays where the link is slower than the compressor, and the content shrinks: with a link of L bytes
per second, a ratio r and a compressor of C bytes per second, what arrives per second grows by
``min(C, r * L) / L``. Less than 1.2 is not worth the processor that others could use.
"""

from __future__ import annotations

import importlib
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyteleport_jupyter.errors import ProtocolBroken

WORTH = 1.2
FASTEST = {"zstd": 700e6, "zlib": 250e6}
"""Bytes per second beyond which a codec does not get: not even a sample is worth it on a faster link."""

SAMPLE = 32 << 10
"""Bytes of a sample; there are three, from all over the part."""

LONGEST_PAUSE = 64 << 20
"""Most bytes of a buffer between two samples; there may be zeros behind noise."""

SMALLEST = 4 << 10
"""Shorter parts go as they are."""


@dataclass(frozen=True)
class Codec:
    """A way to compress. ``unpack`` gets the length that must come out, and never makes more."""

    name: str
    pack: Callable[[memoryview], bytes]
    unpack: Callable[[bytes, int], bytes]


def _unpack_zlib(packed: bytes, size: int) -> bytes:
    engine = zlib.decompressobj()
    return _checked(engine.decompress(packed, size + 1), size, engine.eof)


def _checked(data: bytes, size: int, at_end: bool) -> bytes:
    if len(data) != size or not at_end:
        raise ProtocolBroken(reason="a compressed chunk has not the length that it announced")
    return data


def _zstd() -> Codec | None:
    """zstd of the standard library (3.14), else of the package ``zstandard``, else none."""
    try:
        module: Any = importlib.import_module("compression.zstd")
    except ImportError:
        return _zstandard()

    def unpack(packed: bytes, size: int) -> bytes:
        engine = module.ZstdDecompressor()
        return _checked(engine.decompress(packed, size + 1), size, engine.eof)

    return Codec("zstd", lambda chunk: bytes(module.compress(chunk, 1)), unpack)


def _zstandard() -> Codec | None:
    try:
        module: Any = importlib.import_module("zstandard")
    except ImportError:
        return None

    def unpack(packed: bytes, size: int) -> bytes:
        # Not decompress(): that allocates what the frame says.
        with module.ZstdDecompressor().stream_reader(packed) as reader:
            data = reader.read(size)
            return _checked(data, size, not reader.read(1))

    return Codec("zstd", lambda chunk: bytes(module.ZstdCompressor(level=1).compress(chunk)), unpack)


ZLIB = Codec("zlib", lambda chunk: zlib.compress(chunk, 1), _unpack_zlib)


def codecs() -> dict[str, Codec]:
    """Those that there are here by name, the fastest first."""
    found = [codec for codec in (_zstd(), ZLIB) if codec is not None]
    return {codec.name: codec for codec in found}


class Chooser:
    """Says for each part how it is to be sent; ``rate`` is the link's bytes per second, None while unknown.

    ``names`` are the codecs that the other side has.
    """

    def __init__(self, rate: Callable[[], float | None], names: Sequence[str] = (ZLIB.name,)) -> None:
        self._rate = rate
        self._codecs = [codec for codec in codecs().values() if codec.name in names]
        self._buffer: object = None
        """Of which the last part was."""
        self._unasked = self._pause = 0

    def choose(self, part: memoryview) -> Codec | None:
        """The codec that pays most for ``part``, None where none does."""
        rate = self._rate()
        if rate is None or part.nbytes < SMALLEST or self._known_as_dense(part):
            return None
        able = [codec for codec in self._codecs if FASTEST[codec.name] > WORTH * rate]
        found = [(try_out(codec, part), codec) for codec in able]
        self._note(part, [trial for trial, _ in found])
        gains = [(trial.gain(rate), codec) for trial, codec in found]
        best, codec = max(gains, key=lambda gained: gained[0], default=(0.0, None))
        return codec if best > WORTH else None

    def _known_as_dense(self, part: memoryview) -> bool:
        """Whether what stands before ``part`` in the same buffer has shown that a sample is not worth it."""
        if part.obj is not self._buffer:
            self._buffer, self._unasked, self._pause = part.obj, 0, 0
        self._unasked -= part.nbytes
        return self._unasked >= 0

    def _note(self, part: memoryview, trials: Sequence[Trial]) -> None:
        """A sample costs as much as sending a megabyte, so what never shrinks is not asked each time. Only
        the content counts for that: a link may become slower at any time.
        """
        dense = bool(trials) and all(trial.ratio <= WORTH for trial in trials)
        self._pause = min(LONGEST_PAUSE, 2 * self._pause + part.nbytes) if dense else 0
        self._unasked = self._pause


@dataclass(frozen=True)
class Trial:
    """What a sample has shown: bytes per second, and how many times as long the sample was as its packed
    form.
    """

    speed: float
    ratio: float

    def gain(self, rate: float) -> float:
        """How many times as fast what the sample is of gets over a link of ``rate`` bytes per second."""
        return min(self.speed, self.ratio * rate) / rate


def try_out(codec: Codec, part: memoryview) -> Trial:
    """Pack samples of ``part``."""
    samples = list(_samples(part))
    size = sum(sample.nbytes for sample in samples)
    began = time.thread_time()
    packed = sum(len(codec.pack(sample)) for sample in samples)
    return Trial(size / max(1e-9, time.thread_time() - began), size / packed)


def _samples(part: memoryview) -> list[memoryview]:
    if part.nbytes <= 3 * SAMPLE:
        return [part]
    last = part.nbytes - SAMPLE
    return [part[start : start + SAMPLE] for start in (0, last // 2, last)]
