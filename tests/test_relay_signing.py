"""Messages made with the standard library alone, judged by jupyter_client."""

from __future__ import annotations

import pytest
from jupyter_client.session import Session

from pyteleport_jupyter.relay.signing import Signer, content_of, header_of, parent_header_of


@pytest.mark.parametrize("scheme", ["hmac-sha256", "hmac-sha1"])
def test_jupyter_client_accepts_the_signature(scheme: str) -> None:
    signer = Signer(b"a key", scheme, "the session")
    frames = signer.message("update_display_data", {"x": "ü"}, {"msg_id": "parent"})
    session = Session(key=b"a key", signature_scheme=scheme)
    _, parts = session.feed_identities(frames)
    message = session.deserialize(parts)
    assert message["header"]["msg_type"] == "update_display_data"
    assert message["header"]["session"] == "the session"
    assert message["parent_header"]["msg_id"] == "parent"
    assert message["content"] == {"x": "ü"}


def test_another_key_is_not_accepted() -> None:
    frames = Signer(b"a key", "hmac-sha256", "").message("x", {})
    session = Session(key=b"another key")
    with pytest.raises(ValueError, match="Invalid Signature"):
        session.deserialize(session.feed_identities(frames)[1])


def test_signatures_are_recognised() -> None:
    signer = Signer(b"a key", "hmac-sha256", "")
    frames = [b"client", *signer.message("x", {"a": 1}, {"msg_id": "p"}), b"a buffer"]
    assert signer.is_signed(frames)
    assert not Signer(b"another key", "hmac-sha256", "").is_signed(frames)
    assert Signer(b"", "hmac-sha256", "").is_signed(frames)
    for position in range(1, 7):
        changed = [frame + b" " if index == position else frame for index, frame in enumerate(frames)]
        assert not signer.is_signed(changed)
        assert not signer.is_signed(frames[:position])


def test_jupyter_clients_messages_are_signed() -> None:
    session = Session(key=b"a key", signature_scheme="hmac-sha1")
    frames = session.serialize(session.msg("execute_request", {"code": "ü"}), ident=b"client")
    assert Signer(b"a key", "hmac-sha1", "").is_signed(frames)


def test_empty_key_means_no_signature() -> None:
    assert Signer(b"", "hmac-sha256", "").message("x", {})[1] == b""


def test_parts_are_found_behind_any_identities() -> None:
    frames = [b"one", b"two", *Signer(b"k", "hmac-sha256", "").message("kind", {"a": 1}, {"msg_id": "p"})]
    assert header_of(frames)["msg_type"] == "kind"
    assert parent_header_of(frames) == {"msg_id": "p"}
    assert content_of(frames) == {"a": 1}


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [b"<IDS|MSG>"],
        [b"<IDS|MSG>", b"", b"{"],
        [b"<IDS|MSG>", b"", b"[1]"],
        [b"<IDS|MSG>", b"", b"[" * 200_000],
    ],
)
def test_malformed_messages_have_empty_parts(frames: list[bytes]) -> None:
    assert header_of(frames) == content_of(frames) == {}
