"""The doctor at hosts of which each lacks something else: what it says, and that it leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from lab import Host, Lab

from pyteleport_jupyter.doctor import examination, report
from pyteleport_jupyter.options import DEFAULT_OPTIONS

LACKING = {
    "cartesius-unknown": ("host key",),
    "cartesius-changed": ("host key",),
    "cartesius-closed": ("reachable",),
    "cartesius-refused": ("login",),
    "nopython": ("Python",),
    "bare": ("ipykernel",),
    "small": ("disk",),
    "cartesius": (),
}
"""What the doctor finds wrong, by ssh alias."""

EXAMINE = """
import json, sys
from pyteleport_jupyter.doctor import examine_host
from pyteleport_jupyter.options import DEFAULT_OPTIONS
for target in sys.argv[1:]:
    found = examine_host(target, DEFAULT_OPTIONS, ["numpy", "nothing_of_the_kind"])
    print(json.dumps([target, [[each.name, each.holds, each.text, each.remedy] for each in found]]))
"""


@pytest.mark.nightly
def test_each_condition_over_ssh(lab: Lab, leak_check: None, host_a: Host) -> None:
    lab.need_own_systems()
    for name in ("nopython", "bare", "small", "cartesius"):
        lab.host(name)
    said = lab.run_inside(host_a, [host_a.python, "-c", EXAMINE, *LACKING], timeout=150).stdout
    found: dict[str, list[list[Any]]] = dict(map(json.loads, said.splitlines()))
    for target, wrong in LACKING.items():
        names = [name for name, holds, _, _ in found[target] if holds is False and name != "packages"]
        assert names == list(wrong), (target, found[target])
    texts = {target: {name: text for name, _, text, _ in each} for target, each in found.items()}
    assert "cannot be imported there" in texts["bare"]["ipykernel"]
    assert "nothing_of_the_kind" in texts["cartesius"]["packages"]
    assert "found: 3." in texts["cartesius"]["Python"]
    assert texts["cartesius"]["forwarding"].startswith("not needed")
    assert texts["cartesius"]["lingering"].startswith("allowed")
    assert all(
        remedy for each in found.values() for name, holds, _, remedy in each if name == "disk" and not holds
    )


FINE: Mapping[str, Any] = {
    "pythons": ["3.11"],
    "packages": {"ipykernel": "7", "IPython": "9", "zmq": "27"},
    "directory": "/run/user/1/pyteleport",
    "free": 10**10,
    "trouble": "",
    "kills": False,
    "lingers": False,
}


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({}, "local: sessions can go there"),
        ({"kills": True}, "! lingering: systemd there ends what you leave behind"),
        ({"kills": True, "lingers": True}, "✓ lingering: allowed"),
        ({"clock": 0}, "! clock: "),
        ({"directory": "", "trouble": "it is a link"}, "✗ runtime directory: it is a link"),
        ({"free": 10**6}, "✗ disk: 1.0 MB free"),
        ({"packages": {"zmq": "27"}}, "✗ ipykernel: ipykernel, IPython cannot be imported there"),
        ({"packages": None, "pythons": 3, "free": "much"}, "local: not yet (ipykernel, disk)"),
    ],
)
def test_what_a_host_says_of_itself(told: dict[str, Any], line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    facts = {**FINE, "clock": time.time(), **told}
    monkeypatch.setattr(examination, "examine", lambda *_, **__: facts)
    shown = report("local", examination.examine_host("local", DEFAULT_OPTIONS))
    assert line in shown, shown
