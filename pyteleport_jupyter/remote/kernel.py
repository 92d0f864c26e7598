"""The kernel on the target: ipykernel's own, able to take over a session and go on with its running cell.

What that takes is loaded apart (:func:`load_for_arrival`): a notebook that starts here has no use for it yet.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from pyteleport_jupyter.errors import RestoreFailed, TeleportError
from pyteleport_jupyter.faults import fault
from pyteleport_jupyter.remote.errand_entrance import take_errands

if TYPE_CHECKING:
    from pyteleport_jupyter.remote.arrival import Arriving
    from pyteleport_jupyter.session import Restored
    from pyteleport_jupyter.shipping.laid_over import LaidOver

PREPARE = "teleport_prepare"


def load_for_arrival() -> None:
    """What it takes to take a session over, which is nearly as much as ipykernel."""
    for name in ("made_files", "settings", "remote.arrival", "remote.resume", "session"):
        importlib.import_module(f"pyteleport_jupyter.{name}")


def resumes(metadata: Any) -> bool:
    """Whether the metadata of an execute_request says that its cell is one which goes on here."""
    mark = metadata.get("teleport") if isinstance(metadata, dict) else None
    return isinstance(mark, dict) and bool(mark.get("resume"))


class TeleportedKernel(IPythonKernel):  # type: ignore[misc]  # ipykernel is not typed
    """ipykernel 6.29 to 7: one more message type, and a cell that goes on instead of starting."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.shipment: Arriving | None = None
        self.restored: Restored | None = None
        self.laid_over: LaidOver | None = None
        """Memory of the session that is still that of a file."""
        self._failure: TeleportError | None = None
        self.shell_handlers[PREPARE] = self.teleport_prepare
        take_errands(self)

    async def teleport_prepare(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Take over the session that was shipped, or say in one record why that cannot be."""
        reply = self._prepare(parent["content"])
        self.session.send(stream, PREPARE + "_reply", reply, parent, ident=ident)

    def _prepare(self, content: dict[str, Any]) -> dict[str, Any]:
        host = str(content.get("host", "the target"))
        try:
            self._take_over(host, content.get("lease"))
        except TeleportError as error:
            # Kept, with all that was restored till then: temporary files that are shared with the session
            # which goes on would be removed by these objects' finalizers.
            self._failure = error
            return {"status": "error", **error.as_record()}
        # What imports have printed must not turn up in the cell.
        sys.stdout.flush()
        sys.stderr.flush()
        return {"status": "ok", "pid": os.getpid(), "python": platform.python_version()}

    def _take_over(self, host: str, lease: float | None) -> None:
        from pyteleport_jupyter import made_files, settings
        from pyteleport_jupyter.session import restore_snapshot
        from pyteleport_jupyter.session.anchors import anchors

        if self.shipment is None:
            raise RestoreFailed(
                host=host, reason="this kernel was started without a snapshot, or has taken it over already"
            )
        shipment, self.shipment = self.shipment, None
        try:
            stream = shipment.stream()
        except TeleportError as error:
            raise type(error)(**{**error.facts, "host": host}) from error
        # Streams and publisher are the kernel's own now; user code that arrives may have swapped them.
        anchors(self.shell)
        with made_files.noting(str(Path(self.parent.connection_file).parent)):
            self.restored = restore_snapshot(self, stream, shipment.parts(), host)
        self.laid_over = shipment.laid_over
        if lease is not None:
            settings.keep_lease(lease)

    def _publish_execute_input(self, code: str, parent: dict[str, Any], execution_count: int) -> None:
        # Frontends were told when the cell started, on the first host.
        if not resumes(parent.get("metadata")):
            super()._publish_execute_input(code, parent, execution_count)

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: dict[str, Any] | None = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """As IPythonKernel; a request that is marked goes on with the cell that has arrived."""
        if self.laid_over is not None:
            # Whoever runs cells is the session: nobody else will need that file.
            self.laid_over.make_own_later()
            self.laid_over = None
        arguments = (silent, store_history, user_expressions, allow_stdin)
        restored = self.restored
        if restored is None or not resumes(cell_meta):
            return await self._execute(code, *arguments, cell_meta=cell_meta, cell_id=cell_id)
        from pyteleport_jupyter.remote.resume import resuming

        self.restored = None
        restored.value = (cell_meta or {})["teleport"].get("value")
        unmarked = {name: value for name, value in (cell_meta or {}).items() if name != "teleport"}
        with resuming(self.shell, restored):
            del restored
            return await self._execute(code, *arguments, cell_meta=unmarked, cell_id=cell_id)

    async def _execute(self, code: str, *arguments: Any, **names: Any) -> dict[str, Any]:
        reply: dict[str, Any] = await super().do_execute(code, *arguments, **names)
        return reply


class TeleportedKernelApp(IPKernelApp):  # type: ignore[misc]  # ipykernel is not typed
    """Starts a kernel that is to become a session from elsewhere: this machine's start-up files are not for
    it.
    """

    kernel_class = TeleportedKernel

    def load_config_file(self, *arguments: Any, **names: Any) -> None:
        """The configuration travels with the session."""

    def init_iopub(self, context: zmq.Context[Any]) -> None:
        """Whoever publishes waits for us when we are slow: by default libzmq drops what is beyond 1000
        messages, and says so to nobody.
        """
        context.setsockopt(zmq.XPUB_NODROP, 1)
        super().init_iopub(context)

    def init_code(self) -> None:
        """Start-up files have run on the first host."""
        self.shell._sys_modules_keys = set(sys.modules)

    def init_profile_dir(self) -> None:
        """Nothing may stay on this machine: without an IPython directory of the user's, take the kernel's own
        directory.
        """
        users = Path(self.ipython_dir, f"profile_{self.profile}")  # type: ignore[has-type]
        if not users.is_dir():
            own = Path(self.connection_file).parent / "ipython"
            own.mkdir(mode=0o700, exist_ok=True)
            self.ipython_dir = str(own)
        super().init_profile_dir()


def main(arguments: Sequence[str]) -> None:
    """Run a kernel until it is shut down: ``-f CONNECTION_FILE --ship-fd DESCRIPTOR`` and options of
    ipykernel; with ``--empty`` no session will come.
    """
    fault("kernel.start")
    parser = ArgumentParser(prog="kernel", allow_abbrev=False)
    parser.add_argument("--ship-fd", type=int, required=True)
    parser.add_argument("--deposit-fd", type=int)
    parser.add_argument("--empty", action="store_true")
    ours, theirs = parser.parse_known_args(arguments)
    os.set_inheritable(ours.ship_fd, False)
    shipment = None if ours.empty else _shipment(ours.ship_fd, ours.deposit_fd)
    app = TeleportedKernelApp.instance()
    app.initialize([*theirs, "--HistoryManager.hist_file=:memory:"])
    app.kernel.shipment = shipment
    app.start()


def _shipment(descriptor: int, deposit: int | None) -> Arriving:
    from pyteleport_jupyter.remote.arrival import Arriving

    return Arriving(descriptor, deposit)
