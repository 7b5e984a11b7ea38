"""Who calls: whoever is on this machine, or whoever has a key or a token."""

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from starlette.datastructures import Headers

from graph.caller import Caller
from graph.server.database import Database
from graph.server.door.keys import holder_of, is_key
from graph.server.door.roles import INCLUDED
from graph.server.door.tokens import TokenCheck
from graph.server.errors import ApiError
from graph.settings import ReaderSettings

OPERATOR: Final = "local operator"
BELIEVED_SECONDS: Final = 5.0
"""How long a key that was right is right: a revoked one is refused within this time."""
MOST_BELIEVED: Final = 10_000
LOOKS_AT_ONE_TIME: Final = 4
"""Whoever brings many keys at once waits in line, and leaves connections to those inside."""


@dataclass(frozen=True)
class Guest:
    """A caller, and what it came with (for limits and the audit; never the secret itself)."""

    caller: Caller
    credential: str


@dataclass
class Authentication:
    """Reads X-Api-Key, or a bearer token; the name in X-User counts only where anyone could take it."""

    settings: ReaderSettings
    database: Database
    tokens: TokenCheck | None
    clock: Callable[[], float] = time.time
    _believed: OrderedDict[str, tuple[float, Guest]] = field(
        default_factory=OrderedDict[str, tuple[float, Guest]], init=False
    )
    _line: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(LOOKS_AT_ONE_TIME), init=False
    )

    async def guest(self, headers: Headers) -> Guest:
        if self.settings.kb_auth == "off":
            everything = Caller(said_user(headers), INCLUDED["admin"])
            return Guest(everything, "this machine")
        said = credential_of(headers)
        known = self._known(said)
        if known is not None:
            return known
        if self._is_settings_key(said):
            return Guest(Caller(said_user(headers), INCLUDED["admin"]), "KB_API_KEY")
        async with self._line:
            # Of a thousand requests with one key, the first has looked for the others.
            return self._known(said) or await self._looked_up(said)

    def knows(self, headers: Headers) -> bool:
        """Whether the credential was right a moment ago: such callers pay for no stranger's guesses."""
        return self._known(credential_of(headers)) is not None

    def _is_settings_key(self, said: str) -> bool:
        key = self.settings.kb_api_key
        right = key.get_secret_value().encode() if key else b""
        return bool(right) and hmac.compare_digest(said.encode(), right)

    async def _looked_up(self, said: str) -> Guest:
        until = self.clock() + BELIEVED_SECONDS
        if not is_key(said) and self.tokens is not None and said.count(".") == 2:
            caller, ends = await self.tokens.caller(said)
            guest = Guest(caller, f"token of {caller.name}")
            until = min(until, ends)
        else:
            guest = Guest(await holder_of(self.database, said), f"key {said[3:15]}")
        self._believed[_digest(said)] = (until, guest)
        while len(self._believed) > MOST_BELIEVED:
            self._believed.popitem(last=False)
        return guest

    def _known(self, said: str) -> Guest | None:
        until, guest = self._believed.get(_digest(said), (0.0, None))
        return guest if until > self.clock() else None


def credential_of(headers: Headers) -> str:
    """What the caller shows, or nothing."""
    scheme, _, said = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key") or (said.strip() if scheme.lower() == "bearer" else "")


def said_user(headers: Headers) -> str:
    """The name that a caller gives itself."""
    said = headers.get("x-user", "").strip()
    return said[:100] if said and said.isprintable() else OPERATOR


def nobody() -> Guest:
    """Who comes through an open route."""
    return Guest(replace(Caller("nobody"), roles=frozenset(), agents=frozenset()), "nothing")


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()


def require_all_agents(caller: Caller) -> None:
    """Refuse a key of some agents what is about all of them together."""
    if caller.agents is not None:
        raise ApiError(
            403, "this is about every agent", hint="yours: " + ", ".join(caller.scope or ())
        )


def require(caller: Caller, role: str) -> None:
    """Refuse what a caller's roles do not include."""
    if not caller.may(role):
        have = ", ".join(sorted(caller.roles or ())) or "none"
        raise ApiError(
            403,
            f"this is for the role {role}",
            hint=f"yours: {have}; a key with it: kb keys create",
        )
