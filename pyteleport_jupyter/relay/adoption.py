"""A session that was started by others, taken up by this relay: it has another key, and a cell of theirs may
be running.

The relay's loop need not know. Its ``commit`` becomes ``adopt``; messages are signed anew on their way, in
both directions; and what their cell prints is shown in the cell of ours that took the session up, which ends
when theirs does.
"""

from __future__ import annotations

import hmac
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from pyteleport_jupyter.relay.far_side import Attach, Carrier, FarSide
from pyteleport_jupyter.relay.in_flight import InFlight
from pyteleport_jupyter.relay.signing import DELIMITER, Signer, content_of, header_of, parent_header_of
from pyteleport_jupyter.wire.channel import Message, NumberedChannel
from pyteleport_jupyter.wire.commands import encode_command, parse_command
from pyteleport_jupyter.wire.lanes import Lane

SHOWN = frozenset(
    ("stream", "display_data", "update_display_data", "execute_result", "error", "clear_output")
)
"""What a cell shows (jupyter_client's messaging.rst)."""

OURS_LIMIT = 1000
"""So many requests of our clients are known as theirs; one that is older has been answered."""

FOR_CLIENTS = frozenset((Lane.SHELL, Lane.CONTROL, Lane.STDIN, Lane.IOPUB))


class AdoptedFarSide(FarSide):
    """See the module. ``key`` is that of the kernel there."""

    def __init__(
        self,
        channel: NumberedChannel,
        carrier: Carrier,
        attach: Attach,
        lease: float,
        key: str,
        signer: Signer,
        in_flight: InFlight | None,
    ) -> None:
        super().__init__(channel, carrier, attach, lease)
        self._key = key.encode()
        self._signer = signer
        self._cell = in_flight
        self._running = ""
        self._over = in_flight is None
        self._ours: deque[str] = deque(maxlen=OURS_LIMIT)

    # ------------------------------------------------------------------ to the kernel

    def command(self, op: str, **fields: object) -> None:
        """See :class:`FarSide`."""
        super().command("adopt" if op == "commit" else op, **fields)

    def send(self, lane: Lane, frames: Sequence[bytes | memoryview]) -> None:
        """See :class:`FarSide`."""
        if lane not in FOR_CLIENTS:
            super().send(lane, frames)
            return
        message_id = str(header_of(frames).get("msg_id"))
        if self._cell is None or message_id != self._cell.message_id:
            self._ours.append(message_id)
            super().send(lane, self._signed(frames, self._sign_for_kernel))

    # ------------------------------------------------------------------ from the kernel

    def receive(self) -> list[Message]:
        """See :class:`FarSide`."""
        return [heard for message in super().receive() for heard in self._heard(message)]

    def _heard(self, message: Message) -> list[Message]:
        if message.lane is Lane.COMMAND:
            return self._obeyed(message)
        if message.lane not in FOR_CLIENTS:
            return [message]
        parent = parent_header_of(message.parts)
        theirs = parent.get("msg_id") not in self._ours
        parts = self._shown_in_our_cell(message) if theirs and not self._over else list(message.parts)
        passed = Message(message.lane, tuple(self._signed(parts, self._sign_for_clients)))
        return [passed, *self._ends_with(message, parent)]

    def _shown_in_our_cell(self, message: Message) -> list[bytes]:
        """What their cell shows or asks belongs to our cell, for our clients."""
        parts = list(message.parts)
        if self._cell is None or DELIMITER not in parts:
            return parts
        start = parts.index(DELIMITER)
        shown = message.lane is Lane.IOPUB and header_of(parts).get("msg_type") in SHOWN
        if shown or message.lane is Lane.STDIN:
            parts[start + 3] = json.dumps(self._cell.header).encode()
        if message.lane is Lane.STDIN:
            parts[:start] = [bytes.fromhex(identity) for identity in self._cell.identities]
        return parts

    def _obeyed(self, message: Message) -> list[Message]:
        command = parse_command(b"".join(message.parts))
        if command["op"] == "adopted":
            committed = Message(Lane.COMMAND, (encode_command("committed"),))
            return [committed] if self._cell is None else [committed, self._status("busy")]
        if command["op"] == "caught_up":
            self._running = str(command.get("running", ""))
            return [] if self._running else self._finish()
        return [message]

    def _ends_with(self, message: Message, parent: dict[str, Any]) -> list[Message]:
        """Whether theirs is over, and so is ours."""
        over = (
            message.lane is Lane.IOPUB
            and bool(self._running)
            and parent.get("msg_id") == self._running
            and content_of(message.parts).get("execution_state") == "idle"
        )
        return self._finish() if over else []

    def _finish(self) -> list[Message]:
        if self._cell is None or self._over:
            return []
        content = {"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {}}
        identities = [bytes.fromhex(identity) for identity in self._cell.identities]
        reply = [*identities, *self._signer.message("execute_reply", content, self._cell.header)]
        ends = [Message(Lane.SHELL, tuple(reply)), self._status("idle")]
        self._running, self._over = "", True
        return ends

    def _status(self, state: str) -> Message:
        header = self._cell.header if self._cell else {}
        status = self._signer.message("status", {"execution_state": state}, header)
        return Message(Lane.IOPUB, (b"kernel.status", *status))

    # ------------------------------------------------------------------ signatures

    def _signed(
        self, frames: Sequence[bytes | memoryview], sign: Callable[[Sequence[bytes | memoryview]], bytes]
    ) -> list[bytes]:
        parts = [bytes(frame) for frame in frames]
        if DELIMITER in parts:
            at = parts.index(DELIMITER) + 1
            parts[at : at + 1] = [sign(parts[at + 1 : at + 5])]
        return parts

    def _sign_for_kernel(self, parts: Sequence[bytes | memoryview]) -> bytes:
        if not self._key:
            return b""
        return hmac.new(self._key, b"".join(parts), "sha256").hexdigest().encode()

    def _sign_for_clients(self, parts: Sequence[bytes | memoryview]) -> bytes:
        return self._signer.signature([bytes(part) for part in parts])
