"""Nobody sees a page, or holds a socket of one, who is not signed in; the sign-in page itself is open."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final, cast
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.console.visits import COOKIE, Visit, Visits

VISIT: Final = "scriptorium.visit"
"""Where a request's scope says who looks."""
MOUNTED: Final = "/console"
SIGN_IN: Final = "/sign-in"
OPEN_PATHS: Final = frozenset({SIGN_IN, "/favicon.ico"})
ASSETS: Final = "/assets/"
ANYBODY: Final = Visit("", "")


@dataclass(frozen=True)
class Gate:
    """Stands before every path of the console."""

    app: ASGIApp
    visits: Visits
    asks: bool
    """False where the server itself asks nobody who they are."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        visit = self.visits.find(cookie_of(scope)) if self.asks else ANYBODY
        if visit is not None or path in OPEN_PATHS or path.startswith(ASSETS):
            await self.app({**scope, VISIT: visit}, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif "text/html" in Headers(scope=scope).get("accept", ""):
            query = scope.get("query_string", b"").decode("latin-1")
            wanted = quote(f"{path}?{query}" if query else path)
            place = f"{scope.get('root_path', '')}{SIGN_IN}?next={wanted}"
            await RedirectResponse(place, status_code=303)(scope, receive, send)
        else:
            await PlainTextResponse("sign in first", status_code=401)(scope, receive, send)


def cookie_of(scope: Scope) -> str:
    """What the browser's cookie says; empty without one."""
    try:
        found = SimpleCookie(Headers(scope=scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def visit_of(scope: Scope) -> Visit:
    """Who looks, as the gate found it."""
    return cast("Visit", scope[VISIT])
