"""Tickets for browsers, whose sockets and event sources send no headers: for one path, once, for a minute.

What stands in a URL is kept in logs and histories on its way; a ticket that was used is worth nothing there.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from graph.caller import Caller
from graph.server.database import Database
from graph.server.errors import ApiError

SECONDS: Final = 60
TICKET: Final = re.compile(r"kbt_[A-Za-z0-9_-]{43}")
SUBPROTOCOL: Final = "scriptorium"
"""What a socket that offers it speaks; a ticket comes beside it, as `ticket.kbt_…`."""
ROUTES: Final = frozenset(
    {
        "/ws",
        "/threads/{thread_id}/stream",
        "/threads/{thread_id}/runs/{run_id}/stream",
        "/orchestration/{session_id}/events",
    }
)


@dataclass(frozen=True)
class Tickets:
    """Kept in Postgres, as digests: any server of the workspace takes what another gave."""

    database: Database

    async def give(self, caller: Caller, credential: str, path: str) -> Mapping[str, Any]:
        """Make one for whoever asks; it lets its bearer do what they may."""
        text = "kbt_" + secrets.token_urlsafe(32)
        row = await self.database.row(
            "new_ticket",
            digest=_digest(text),
            path=path,
            holder=caller.name,
            roles=None if caller.roles is None else sorted(caller.roles),
            credential=credential,
            seconds=SECONDS,
        )
        assert row is not None  # noqa: S101 - an insert without conditions returns its row
        return {"ticket": text, "path": path, "expires_at": row["expires_at"]}

    async def take(self, text: str, path: str) -> tuple[Caller, str]:
        """Whom a ticket lets in, and with which credential it was got; it is used up by that."""
        row = await self.database.row("take_ticket", digest=_digest(text), path=path)
        if row is None:
            raise ApiError(
                401, "the ticket was used, is too old, or is for another path", hint="POST /tickets"
            )
        roles = None if row["roles"] is None else frozenset[str](row["roles"])
        agents = None if row["agents"] is None else frozenset[str](row["agents"])
        return Caller(row["name"], roles, agents), row["credential"]


def ticket_of(scope: Scope, headers: Headers) -> str | None:
    """The ticket that a socket offers beside its protocol, or that a query names."""
    if scope["type"] == "websocket":
        offered = headers.get("sec-websocket-protocol", "").split(",")
        said = [one.strip().removeprefix("ticket.") for one in offered]
    else:
        said = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("ticket", [])
    return next((one for one in said if TICKET.fullmatch(one)), None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
