"""Finds the route that a request will reach, before it reaches it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Mount, WebSocketRoute, compile_path
from starlette.types import Scope


@dataclass(frozen=True)
class KnownRoute:
    """A path as it was declared, and the methods that it answers; None: all of them."""

    path: str
    pattern: re.Pattern[str]
    methods: frozenset[str] | None
    socket: bool | None = False
    """Whether it is one; None for what is mounted: it may be both."""


@dataclass(frozen=True)
class Found:
    """Where a request goes: a route, or nowhere because of its path or of its method."""

    path: str | None = None
    allowed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RouteFinder:
    """Looks in the order in which the router does."""

    routes: Sequence[KnownRoute]

    @classmethod
    def of(cls, app: FastAPI) -> "RouteFinder":
        contexts = iter_route_contexts(cast("Sequence[BaseRoute]", app.routes))
        return cls([_known(one) for one in contexts])

    def find(self, scope: Scope) -> Found:
        socket = scope["type"] == "websocket"
        others = set[str]()
        for route in self.routes:
            if route.socket not in (socket, None) or not route.pattern.match(scope["path"]):
                continue
            if socket or route.methods is None or scope["method"] in route.methods:
                return Found(route.path)
            others |= route.methods
        return Found(allowed=frozenset(others))


def _known(context: RouteContext) -> KnownRoute:
    """A route as the router will match it, whichever kind it is."""
    route, path = context.original_route, context.path or ""
    if isinstance(route, Mount):
        # Without its slash the router sends people on to it.
        return KnownRoute(path, re.compile(rf"^{re.escape(path)}(?:/.*)?$", re.DOTALL), None, None)
    methods = frozenset(context.methods) if context.methods else None
    return KnownRoute(path, compile_path(path)[0], methods, isinstance(route, WebSocketRoute))
