"""Every request passes here once: who it is, how much, whether its route is theirs; then it is written down."""

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog
from psycopg_pool import PoolTimeout
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.caller import working_for
from graph.server.border import refuse_socket
from graph.server.database import Database
from graph.server.door.audit import write_privileged
from graph.server.door.authentication import (
    Authentication,
    Guest,
    credential_of,
    nobody,
    require,
)
from graph.server.door.limits import Limits
from graph.server.door.route_finder import Found, RouteFinder
from graph.server.door.route_roles import READING, Access, access_of, is_privileged
from graph.server.door.tickets import ROUTES, Tickets, ticket_of
from graph.server.errors import ApiError, error_response
from graph.server.request_bodies import let_go_by
from graph.server.request_counts import RequestMetrics, Seen
from kb_contract.errors import Unavailable

log = structlog.get_logger(__name__)
GUEST: Final = "scriptorium.guest"
"""Where a request's scope says who it is."""


@dataclass(frozen=True)
class Doorkeeper:
    """Decides; made when the server starts, because it looks keys up."""

    authentication: Authentication
    limits: Limits
    routes: RouteFinder
    database: Database
    metrics: RequestMetrics
    tickets: Tickets

    async def admitted(self, scope: Scope, visit: ExitStack, seen: Seen) -> Guest:
        """Let a request in, counted until the visit ends; raises `ApiError` when it may not."""
        found = self.routes.find(scope)
        seen.route = found.path or "none"
        access = access_of(_method(scope), found.path) if found.path else None
        if access == "open":
            if scope.get("method") not in READING:
                self.limits.check_open(_address(scope))
            return nobody()
        guest = await self._known(scope, visit, found)
        if found.path is None:
            raise _nowhere(found)
        if access is None:
            log.error("route without a role", method=_method(scope), path=found.path)
            raise ApiError(
                403, "nobody may use this route", hint="it has no role; tell who runs this"
            )
        await self._authorized(scope, guest, found.path, access)
        return guest

    async def _known(self, scope: Scope, visit: ExitStack, found: Found) -> Guest:
        headers = Headers(scope=scope)
        checked = self.authentication.settings.kb_auth == "required"
        ticket = ticket_of(scope, headers) if checked and found.path in ROUTES else None
        if ticket is not None and not credential_of(headers):
            guest = await self._with_ticket(ticket, scope)
        elif checked and not self.authentication.knows(headers):
            guest = await self._looked_up(headers, _address(scope))
        else:
            guest = await self.authentication.guest(headers)
        if checked:
            visit.enter_context(self._counted(guest))
        return guest

    async def _looked_up(self, headers: Headers, address: str) -> Guest:
        try:
            return await self.authentication.guest(headers)
        except ApiError:
            self.limits.check_stranger(address)
            raise

    async def _with_ticket(self, ticket: str, scope: Scope) -> Guest:
        try:
            return Guest(*await self.tickets.take(ticket, scope["path"]))
        except ApiError:
            self.limits.check_stranger(_address(scope))
            raise

    def _counted(self, guest: Guest) -> AbstractContextManager[None]:
        return self.limits.inside(guest.credential, guest.caller.name)

    async def _authorized(self, scope: Scope, guest: Guest, path: str, access: Access) -> None:
        privileged = is_privileged(_method(scope), access)
        try:
            require(guest.caller, access)
        except ApiError:
            if privileged:
                await self._written("refused", scope, guest, path)
            raise
        if privileged:
            await self._written("privileged", scope, guest, path)

    async def _written(self, kind: str, scope: Scope, guest: Guest, path: str) -> None:
        about = {
            "credential": guest.credential,
            "route": f"{_method(scope)} {path}",
            "path": scope["path"][:500],
        }
        await write_privileged(self.database, about, kind=kind, caller=guest.caller)


@dataclass(frozen=True)
class Entrance:
    """The middleware: asks the doorkeeper, and tells everything behind it whom it works for."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        keeper: Doorkeeper = scope["app"].state.doorkeeper
        with ExitStack() as visit:
            seen = visit.enter_context(keeper.metrics.watching(_method(scope)))
            send = _noting(send, seen)
            try:
                guest = await keeper.admitted(scope, visit, seen)
            except (ApiError, Unavailable, psycopg.Error, PoolTimeout) as refusal:
                await _refuse(refusal, scope, receive, send)
                return
            visit.enter_context(working_for(guest.caller))
            await self.app({**scope, GUEST: guest}, receive, send)


def _noting(send: Send, seen: Seen) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            seen.status = message["status"]
        elif message["type"] == "websocket.accept":
            seen.status = 101
        await send(message)

    return noting


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("nobody", 0))[0])


def _method(scope: Scope) -> str:
    return "WS" if scope["type"] == "websocket" else str(scope["method"])


def _nowhere(found: Found) -> ApiError:
    if not found.allowed:
        return ApiError(404, "there is no such path", hint="see /docs")
    allowed = ", ".join(sorted(found.allowed))
    return ApiError(
        405, "this path does not answer that method", hint=allowed, headers={"Allow": allowed}
    )


async def _refuse(refusal: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await refuse_socket(send)
        return
    if isinstance(refusal, ApiError):
        said = refusal
    elif isinstance(refusal, Unavailable):
        said = ApiError(503, f"{refusal.where}: {refusal.what}", hint=refusal.cure)
    else:
        log.warning("the door cannot look", error=str(refusal)[:300])
        said = ApiError(503, "the database does not answer", hint="see `kb status`, try again")
    answer = error_response(said.status_code, said.message, hint=said.hint, headers=said.headers)
    await let_go_by(receive)
    await answer(scope, receive, send)
