"""Links of a live session that come and go: replay, proofs, epochs, the door, the leash."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from far_side import FarSide, eventually, nothing_stays, ours_at, transcript
from supervised import far, home, live, package, supervisor_of

from pyteleport_jupyter import errors
from pyteleport_jupyter.transports import close_link
from pyteleport_jupyter.wire.commands import parse_command
from pyteleport_jupyter.wire.lanes import Lane

__all__ = ["far", "home", "live", "package"]

# --------------------------------------------------------------- links come and go


def test_a_session_is_found_again_and_nothing_is_lost_or_twice(live: FarSide) -> None:
    live.run("print one")
    live.lose_link()
    identifier = live.execute("print two")
    live.attach()
    live.until(lambda: (identifier, "idle") in transcript(live.heard))
    assert [what for _, what in transcript(live.heard) if what in ("one", "two")] == ["one", "two"]


def test_outputs_of_a_time_without_link_are_replayed(live: FarSide) -> None:
    identifier = live.execute("flood 500 100")
    live.lose_link()
    live.attach()
    live.until(lambda: (identifier, "idle") in transcript(live.heard))
    assert [int(what.split(":")[0]) for _, what in transcript(live.heard) if ":" in what] == list(range(500))


def test_many_cuts_in_a_flood(live: FarSide) -> None:
    identifier = live.execute("flood 3000 1000")
    for _ in range(5):
        live.listen()
        live.lose_link()
        live.attach()
    live.until(lambda: (identifier, "idle") in transcript(live.heard[-3:]))
    assert [int(what.split(":")[0]) for _, what in transcript(live.heard) if ":" in what] == list(range(3000))


def test_a_new_link_replaces_one_that_does_not_know_it_is_dead(live: FarSide) -> None:
    old = live.link
    live.attach()
    assert live.run("print over the new one") == ["over the new one"]
    os.set_blocking(old.read_fd, True)
    while os.read(old.read_fd, 1 << 16):
        pass
    close_link(old)


def test_between_hold_and_commit_a_link_may_break_too(far: FarSide) -> None:
    far.start()
    far.prepare()
    far.hold()
    far.say("commit")
    far.lose_link()
    far.attach()
    far.command("committed")
    assert far.run("print live") == ["live"]
    far.say("end")


@pytest.mark.parametrize("wrong", ["token", "epoch"])
def test_a_wrong_proof_is_refused_and_the_live_link_stays(live: FarSide, wrong: str) -> None:
    wrongs: dict[str, dict[str, Any]] = {"token": {"token": bytes(32)}, "epoch": {"epoch": 0}}
    with pytest.raises(errors.SessionGone, match="could not show"):
        live.attach(**wrongs[wrong])
    assert live.run("print undisturbed") == ["undisturbed"]


def test_a_wrong_proof_of_who_wants_to_take_it_up_leaves_the_live_link_alone(live: FarSide) -> None:
    with pytest.raises(errors.SessionGone, match="could not show"):
        live.taken_up(token=bytes(32))
    assert live.run("print undisturbed") == ["undisturbed"]
    assert "replaced" not in commands(live)


def commands(far: FarSide) -> list[str]:
    return [parse_command(said.parts[0])["op"] for said in far.heard if said.lane is Lane.COMMAND]


def test_what_the_link_before_had_got_is_not_said_again_to_who_takes_it_up(live: FarSide) -> None:
    identifier = live.execute("flood 3000 1000")
    while len(live.heard) < 100:
        live.listen()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(live.taken_up)
        live.command("replaced")
        newcomer = coming.result(60)
    live.lose_link()
    newcomer.say("adopt")
    newcomer.command("caught_up")
    newcomer.until(lambda: (identifier, "idle") in transcript([*live.heard, *newcomer.heard]))
    said = [what for _, what in transcript([*live.heard, *newcomer.heard])]
    assert [int(what.split(":")[0]) for what in said if ":" in what] == list(range(3000))
    assert said.count("idle") == 1
    newcomer.say("end")
    newcomer.lose_link()


def test_an_old_epoch_does_not_come_back(live: FarSide) -> None:
    old = live.link
    live.attach(epoch=5)
    close_link(old)
    with pytest.raises(errors.SessionGone):
        live.attach(epoch=5)
    assert live.run("print the winner") == ["the winner"]


def test_nobody_attaches_before_hold(far: FarSide) -> None:
    far.start()
    far.prepare()
    link = far.link
    with pytest.raises(errors.SessionGone, match="not there yet"):
        far.attach()
    assert far.link is link
    far.hold()


def test_knocking_without_a_word_does_no_harm(live: FarSide) -> None:
    knockers = []
    for _ in range(10):
        knocker = socket.socket(socket.AF_UNIX)
        knocker.connect(live.landed.directory + "/supervisor.sock")
        knockers.append(knocker)
    knockers[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
    assert live.run("print unimpressed") == ["unimpressed"]
    for knocker in knockers:
        knocker.close()


def test_a_session_that_has_ended_is_gone(live: FarSide, home: Path) -> None:
    live.say("end")
    nothing_stays(home)
    live.lose_link()
    with pytest.raises(errors.SessionGone, match="No such file"):
        live.attach()


# ------------------------------------------------------------------------- leash


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_the_leash_dies_with_either_side(live: FarSide, home: Path, side: str) -> None:
    leash = psutil.Process(live.link.pid)
    if side == "ours":
        os.close(os.dup(live.link.write_fd))
        live.lose_link()
    else:
        supervisor_of(home).kill()
    eventually(lambda: not leash.is_running() or leash.status() == psutil.STATUS_ZOMBIE, "the leash has gone")
    if side == "theirs":
        eventually(lambda: not ours_at(home), "the kernel has gone")
        eventually(lambda: not Path(live.landed.directory).exists(), "the leash has cleared up behind it")
    else:
        live.attach()


def test_closing_only_the_way_in_ends_the_whole_leash(live: FarSide) -> None:
    leash = psutil.Process(live.link.pid)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, live.link.write_fd)
    os.close(nowhere)
    eventually(lambda: leash.status() == psutil.STATUS_ZOMBIE, "the leash has gone")
    live.lose_link()
    live.attach()
