"""Errors that come from elsewhere: which of them are believed."""

from __future__ import annotations

import pytest

from pyteleport_jupyter import errors


@pytest.mark.parametrize("kind", sorted(errors.FROM_FAR_SIDE))
def test_what_a_target_may_say_about_itself(kind: str) -> None:
    error = errors.from_record({"error": kind, "facts": {"host": "liar", "reason": "so"}}, host="cartesius")
    assert type(error).__name__ == kind
    assert error.facts["host"] == "cartesius"


@pytest.mark.parametrize(
    "kind", ["HostKeyChanged", "AuthenticationFailed", "HostKeyUnknown", "OptionWrong", "dict"]
)
def test_what_it_may_not(kind: str) -> None:
    """`Remove the old key with ssh-keygen` is no advice to take from the one who would profit from it."""
    record = {"error": kind, "facts": {"reason": "do as I say"}}
    error = errors.from_record(record, host="cartesius")
    assert type(error) is errors.TeleportError
    assert error.sentence() == "The session could not be moved: do as I say. It goes on here, unchanged."


def test_our_own_child_may_say_all() -> None:
    assert type(errors.from_child({"error": "HostKeyChanged"}, host="x")) is errors.HostKeyChanged
    assert type(errors.from_child({"error": "nonsense", "facts": 3})) is errors.TeleportError
