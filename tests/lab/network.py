"""The lab's network: a bridge in a namespace of its own, with one cable to every host and one to pytest.

Nothing of it outlives its owner: the namespace lives as long as a ``cat`` that waits on a pipe from here, and
with the namespace go the bridge and every cable.
"""

from __future__ import annotations

import ipaddress
import os
import random
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .commands import LabUnavailable, run

BENCHMARK_RANGE = ipaddress.ip_network("198.18.0.0/15")
"""RFC 2544: addresses that no real network has, so the lab cannot hide a machine that someone needs."""

DEADLINE = 10.0
"""Seconds for anything here that only needs the kernel."""


def free_subnet() -> ipaddress.IPv4Network:
    """A /24 of the benchmark range that no interface here uses.

    Random, since labs may start at the same time.
    """
    taken = set(re.findall(r"inet (198\.\d+\.\d+)\.", run(["ip", "-4", "-o", "addr"])))
    subnets = [n for n in BENCHMARK_RANGE.subnets(new_prefix=24) if str(n).rpartition(".")[0] not in taken]
    if not subnets:
        raise LabUnavailable("every subnet of 198.18.0.0/15 is in use")
    chosen = random.SystemRandom().choice(subnets)
    if not isinstance(chosen, ipaddress.IPv4Network):
        raise LabUnavailable("no IPv4")
    return chosen


def configure_links(pid: int | None, lines: Sequence[str]) -> None:
    """Run ``ip`` commands in the network namespace of process ``pid`` (None: ours)."""
    prefix = [] if pid is None else ["nsenter", f"--net=/proc/{pid}/ns/net"]
    run([*prefix, "ip", "-batch", "-"], text="".join(f"{line}\n" for line in lines))


class Switch:
    """The bridge. Hosts are plugged in by :meth:`plug`."""

    def __init__(self) -> None:
        """Make namespace, bridge and pytest's own cable. Raises LabUnavailable."""
        command = ["unshare", "--net", "cat"]
        self._holder = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
        self._wait_for_namespace()
        self.subnet = free_subnet()
        self.address = str(self.subnet[1])
        self.cable = f"ptl{os.urandom(4).hex()}"
        self._connect_pytest()

    def _wait_for_namespace(self) -> None:
        ours = os.readlink("/proc/self/ns/net")
        deadline = time.monotonic() + DEADLINE
        while os.readlink(f"/proc/{self._holder.pid}/ns/net") == ours:
            if self._holder.poll() is not None or time.monotonic() > deadline:
                raise LabUnavailable("no network namespace can be made")
            time.sleep(0.002)

    def _connect_pytest(self) -> None:
        switch = self._holder.pid
        configure_links(switch, ["link add bridge type bridge", "link set bridge up"])
        configure_links(
            None,
            [
                f"link add {self.cable} type veth peer name uplink netns {switch}",
                f"addr add {self.address}/24 dev {self.cable}",
                f"link set {self.cable} up",
                # Down in a fresh user namespace; the way to our own addresses.
                "link set lo up",
            ],
        )
        configure_links(switch, ["link set uplink master bridge", "link set uplink up"])

    def plug(self, pid: int, port: str, address: str) -> None:
        """Give the network namespace of ``pid`` an ``eth0`` with ``address``, on bridge port ``port``."""
        configure_links(
            self._holder.pid,
            [
                f"link add {port} type veth peer name eth0 netns {pid}",
                f"link set {port} master bridge",
                f"link set {port} up",
            ],
        )
        configure_links(
            pid,
            [
                "link set lo up",
                f"addr add {address}/24 dev eth0",
                "link set eth0 up",
                f"route add default via {self.address}",
            ],
        )

    def set_port(self, port: str, up: bool) -> None:
        """Pull the cable of a port, or put it back."""
        configure_links(self._holder.pid, [f"link set {port} {'up' if up else 'down'}"])

    def close(self) -> None:
        """Take the namespace down, and with it every cable; wait until pytest's end is gone too."""
        if self._holder.stdin is not None:
            self._holder.stdin.close()
        self._holder.wait(DEADLINE)
        deadline = time.monotonic() + DEADLINE
        while Path(f"/sys/class/net/{self.cable}").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
