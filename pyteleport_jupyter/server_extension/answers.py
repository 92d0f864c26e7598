"""What the addresses answer, as plain data; times in seconds, memory in bytes.

Nobody can be asked here: a host that wants a password is named with its trouble.
"""

from __future__ import annotations

from typing import Any

from pyteleport_jupyter.doctor import examine_host
from pyteleport_jupyter.errors import SessionUnknown
from pyteleport_jupyter.ledger import Session, ask_hosts, find_session, known_places
from pyteleport_jupyter.ledger.hosts import host_names
from pyteleport_jupyter.options import make_options
from pyteleport_jupyter.session.place import HOME

MOST_HOSTS = 2000


def hosts() -> dict[str, Any]:
    """Where one may go: names of the ssh configuration; apart, where sessions were, the last one first."""
    recents = [place.target for place in known_places()]
    names = [name for name in host_names() if name != HOME and name not in recents]
    return {"hosts": names[:MOST_HOSTS], "recents": recents}


def sessions() -> dict[str, Any]:
    """The sessions on all hosts where one was started from here, and the hosts that do not answer."""
    answers = ask_hosts(())
    return {
        "sessions": [_described(session) for answer in answers for session in answer.sessions],
        "troubles": [{"host": each.target, "reason": each.trouble} for each in answers if each.trouble],
    }


def _described(session: Session) -> dict[str, Any]:
    """Without what lets one take it up."""
    return {
        "id": session.id,
        "host": session.place.target,
        "kind": session.kind,
        "age": session.age,
        "lease": session.lease,
        "lease_left": session.lease_left,
        "memory": session.memory,
        "linked": session.linked,
        "busy": session.busy,
        "activity_for": session.activity_for,
        "origin": session.origin,
    }


def kill(host: str, identifier: str) -> dict[str, Any]:
    """End that session. Raises SessionUnknown for a host where none was started from here, a TeleportError if
    it does not answer.
    """
    if not identifier or host not in [place.target for place in known_places()]:
        raise SessionUnknown(session=identifier, hosts="no session there was started from here")
    return {"killed": find_session(f"{host}/{identifier}", "kill").id}


def examination(target: str) -> dict[str, Any]:
    """What has to hold for a session to go to ``target``. Raises TargetUnknown."""
    findings = examine_host(target, make_options())
    return {
        "target": target,
        "findings": [
            {"name": each.name, "holds": each.holds, "text": each.text, "remedy": each.remedy}
            for each in findings
        ],
    }
