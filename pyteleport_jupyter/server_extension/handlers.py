"""The addresses below ``/pyteleport-jupyter``: who may use the server's kernels may use them.

jupyter_server checks token or cookie, and for POST that the request comes from a page of its own, by its XSRF
token. We have it look at GET as well (a Referer will do, ``JupyterHandler.check_xsrf_cookie``), because to
ask for sessions is to log in to their hosts, and a picture in a notebook could have any address.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from pyteleport_jupyter.errors import TeleportError
from pyteleport_jupyter.server_extension import answers

NAMESPACE = "pyteleport-jupyter"
BODY_LIMIT = 1 << 14
AT_A_TIME = 4
"""Questions to hosts that are under way; more wait for their turn."""

_turns = asyncio.Semaphore(AT_A_TIME)


class Handler(APIHandler):
    """What all have in common: the question is answered in a thread, since it waits for other machines."""

    auth_resource = "kernels"

    async def reply(self, answer: Callable[..., dict[str, Any]], *facts: str) -> None:
        """Send what ``answer`` says; an error of ours as status 400, with its sentence."""
        try:
            async with _turns:
                found = await asyncio.get_running_loop().run_in_executor(None, answer, *facts)
        except TeleportError as error:
            self.set_status(400)
            found = {**error.as_record(), "sentence": error.sentence()}
        self.finish(json.dumps(found))

    def fact(self, name: str) -> str:
        """A text in the body of the request. Raises HTTPError."""
        body = self.request.body
        try:
            found = json.loads(body)[name] if len(body) <= BODY_LIMIT else None
        except (ValueError, TypeError, KeyError, RecursionError):
            found = None
        if not isinstance(found, str) or not found:
            raise HTTPError(400, f"the body must be an object with a text called {name}")
        return found


class HostsHandler(Handler):
    """GET: where one may go."""

    @authenticated
    @authorized
    async def get(self) -> None:
        self.check_xsrf_cookie()
        await self.reply(answers.hosts)


class SessionsHandler(Handler):
    """GET: which sessions are where."""

    @authenticated
    @authorized
    async def get(self) -> None:
        self.check_xsrf_cookie()
        await self.reply(answers.sessions)


class KillHandler(Handler):
    """POST ``host`` and ``id``: end a session."""

    @authenticated
    @authorized
    async def post(self) -> None:
        await self.reply(answers.kill, self.fact("host"), self.fact("id"))


class DoctorHandler(Handler):
    """POST ``target``: can a session go there, and if not, why."""

    @authenticated
    @authorized
    async def post(self) -> None:
        await self.reply(answers.examination, self.fact("target"))


def handlers(base_url: str) -> list[tuple[str, type[Handler]]]:
    """Addresses and who answers there, for a server at ``base_url``."""
    table: dict[str, type[Handler]] = {
        "hosts": HostsHandler,
        "sessions": SessionsHandler,
        "kill": KillHandler,
        "doctor": DoctorHandler,
    }
    return [(url_path_join(base_url, NAMESPACE, name), kind) for name, kind in table.items()]
