"""What crosses exec comes out as it went in."""

from __future__ import annotations

import os

import pytest

from pyteleport_jupyter.relay.announcement import Announcement
from pyteleport_jupyter.relay.configuration import (
    FarSettings,
    FrontSettings,
    Settings,
    check_mapping,
    from_json,
    open_baggage,
    to_json,
    unpack,
)
from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.wire.lanes import Lane

FRONT = FrontSettings(
    "ipc", "/tmp/k", {"shell": "/tmp/k-1"}, {"shell": 5}, "key", "hmac-sha256", "s", ("p", "s"), 3, (9,)
)
FAR = FarSettings("host", 900.0, {"kind": "local"}, {"token": "00ff"}, 77, 3, 4, None, 6)
IN_FLIGHT = InFlight(("00", "ff"), {"msg_id": "m"}, {}, {"cellId": "c"}, {"code": "%teleport ü"})
ANNOUNCEMENT = Announcement(
    "d", {"pyteleport": {}}, "{host} {seconds:.1f}", {"pid": 1}, 12.5, {"msg_id": "m"}
)
FULL = Settings(FRONT, FAR, IN_FLIGHT, ANNOUNCEMENT, 12, ("/tmp/file",), 8, (10, 11), ("/lib",))


@pytest.mark.parametrize("settings", [FULL, Settings(FRONT, FAR)])
def test_settings(settings: Settings) -> None:
    copy = from_json(to_json(settings))
    assert copy.inherited() == settings.inherited()
    assert (copy.in_flight, copy.announcement) == (settings.in_flight, settings.announcement)
    assert copy.files == settings.files
    assert to_json(copy) == to_json(settings)


def test_every_descriptor_is_inherited() -> None:
    assert sorted(FULL.inherited()) == [3, 4, 5, 6, 8, 9, 10, 11]


def test_baggage() -> None:
    messages = [[b"identity", b"", b"x" * 100_000], [b"one"]]
    with open_baggage() as baggage:
        baggage.write(FULL, b"frozen\nchannel")
        baggage.append(Lane.SHELL, messages)
        baggage.append(Lane.CONTROL, [])
        baggage.append(Lane.CONTROL, [[b"last"]])
        with os.fdopen(os.dup(baggage.descriptor()), "rb") as file:
            unpacked = unpack(file)
    assert unpacked.frozen_channel == b"frozen\nchannel"
    assert unpacked.settings.far == FAR
    assert unpacked.drained == [(Lane.SHELL, m) for m in messages] + [(Lane.CONTROL, [b"last"])]


def test_baggage_that_was_cut_short_keeps_its_first_messages() -> None:
    with open_baggage() as baggage:
        baggage.write(FULL, b"frozen")
        baggage.append(Lane.SHELL, [[b"whole"], [b"half", b"x" * 100]])
        number = baggage.descriptor()
        size = os.fstat(number).st_size
        for missing in (1, 50, 105, 109, 115, 121):
            os.truncate(number, size - missing)
            os.lseek(number, 0, os.SEEK_SET)
            with os.fdopen(os.dup(number), "rb") as file:
                unpacked = unpack(file)
            assert unpacked.frozen_channel == b"frozen"
            assert unpacked.drained == [(Lane.SHELL, [b"whole"])]


def test_what_is_not_plain_is_refused_in_time() -> None:
    with pytest.raises(TypeError):
        check_mapping({"transport": object()})
