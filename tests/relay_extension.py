"""IPython extension for the tests of the relay: ``%cut`` moves the session to a stand-in supervisor.

Options: ``in-process`` (no exec), ``show`` (with an announcement), ``seconds=X`` (sleep between the
preparations and the cut), ``ended`` (the stand-in has ended by then), ``interrupt`` (a SIGINT just before
exec), ``log=FILE`` (append the seconds that the cut took until exec).
"""

from __future__ import annotations

import os
import signal
import sys
import time
from functools import partial
from typing import Any

from pyteleport_jupyter import relay
from pyteleport_jupyter.relay import cutover
from pyteleport_jupyter.transports.link import Link, spawn_child
from pyteleport_jupyter.transports.requests import AttachRequest
from pyteleport_jupyter.wire.channel import NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command
from pyteleport_jupyter.wire.conversation import Conversation
from pyteleport_jupyter.wire.lanes import Lane
from pyteleport_jupyter.wire.pipe import Pipe

STAND_IN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stand_in_supervisor.py")


def plan_for(kernel: Any, link: Link, show: bool) -> relay.CutPlan:
    conversation = Conversation(Pipe(link.read_fd, link.write_fd, NumberedChannel()), "stand-in")
    started = time.monotonic()
    conversation.command("start")
    ready = conversation.wait_for("ready", time.monotonic() + 60)
    conversation.command("hold")
    conversation.wait_for("held", time.monotonic() + 60)
    in_flight = relay.in_flight_request(kernel)
    announcement = relay.Announcement(
        display_id="the-display",
        metadata={"pyteleport": {"host": "stand-in"}},
        template="teleported to {host} (pid {pid}) in {seconds:.1f} s",
        facts={"pid": ready["pid"]},
        started=started,
        parent=in_flight.header if in_flight else {},
    )
    return relay.CutPlan(
        link=link,
        channel=conversation.pipe.channel,
        transport={"kind": "local", "host": "stand-in"},
        attach=AttachRequest(directory="/nowhere", token=b"t" * 32),
        host="stand-in",
        lease=5.0,
        in_flight=in_flight,
        announcement=announcement if show else None,
    )


def cut(kernel: Any, links: list[Link], line: str) -> None:
    options = line.split()
    values = dict(option.split("=", 1) for option in options if "=" in option)
    plan = plan_for(kernel, links.pop() if links else start_stand_in(kernel), "show" in options)
    time.sleep(float(values.get("seconds", 0)))
    if "ended" in options:
        end_far_side(plan)
    began = time.monotonic()

    def last_words(leaving: cutover.Leaving) -> None:
        if "interrupt" in options:
            os.kill(os.getpid(), signal.SIGINT)
        if "log" in values:
            with open(values["log"], "a") as file:
                file.write(f"{time.monotonic() - began}\n")

    cutover.STEPS = (*cutover.STEPS[:-1], last_words, cutover.STEPS[-1])
    if "in-process" in options:
        relay.pump_in_process(kernel, plan)
    relay.cut_over(kernel, plan)


def end_far_side(plan: relay.CutPlan) -> None:
    plan.channel.send(Lane.COMMAND, [encode_command("end")])
    Pipe(plan.link.read_fd, plan.link.write_fd, plan.channel).flush()
    os.waitid(os.P_PID, plan.link.pid, os.WEXITED | os.WNOWAIT)


def start_stand_in(kernel: Any) -> Link:
    return spawn_child([sys.executable, STAND_IN, kernel.session.key.decode()])


def load_ipython_extension(shell: Any) -> None:
    links = [start_stand_in(shell.kernel)]
    shell.register_magic_function(partial(cut, shell.kernel, links), "line", "cut")
