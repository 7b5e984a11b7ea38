"""What every request passes before a route sees it: declared size, origin, and clean JSON."""

import json
import math
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Never, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.server.errors import ApiError, error_response
from kb_contract.errors import BadInput
from kb_contract.text_border import clean

MOST_BYTES: Final = 1_000_000
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK_ORIGIN: Final = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")
LOOPBACK_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


@dataclass(frozen=True)
class Border:
    """Refuses bodies that are too large and pages that are not ours."""

    app: ASGIApp
    origins: Sequence[str] = ()
    """Pages that may call, beside those on this machine."""
    loopback_only: bool = True
    """Whether callers must name this machine (a foreign name may be a rebound one)."""
    larger: Mapping[str, int] = field(default_factory=dict[str, int])
    """Paths that take more than `MOST_BYTES`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["type"] == "websocket":
            refused = self._refusal(headers, MOST_BYTES, "WS") is not None
            await (refuse_socket(send) if refused else self.app(scope, receive, send))
            return
        most = self.larger.get(scope["path"], MOST_BYTES)
        refusal = self._refusal(headers, most, scope["method"])
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, headers: Headers, most: int, method: str) -> Response | None:
        if self.loopback_only and not LOOPBACK_HOST.fullmatch(headers.get("host", "")):
            return error_response(
                403, "this server answers to localhost only", hint="call http://127.0.0.1:<port>"
            )
        origin = headers.get("origin", "")
        # Browsers name the page with every change; where one does not, it says at least how far off it is.
        nobody = not origin and (
            method in SAFE_METHODS or headers.get("sec-fetch-site") != "cross-site"
        )
        known = nobody or origin in self.origins or LOOPBACK_ORIGIN.fullmatch(origin)
        if not known and not _is_own_page(headers):
            return error_response(
                403, f"pages of {(origin or '')[:200]} may not call", hint="add it to CORS_ORIGINS"
            )
        if method not in SAFE_METHODS and headers.get("cookie") and not _is_own_page(headers):
            return error_response(
                403, "a page of another place may not change anything here",
                hint="send a key instead of cookies, or call from a page of this server",
            )  # fmt: skip
        if "content-length" in headers and "transfer-encoding" in headers:
            return error_response(
                400, "two lengths are said of one body", hint="Content-Length, or chunks"
            )
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared[:12]) > most:
            return too_large(most)
        return None


def _is_own_page(headers: Headers) -> bool:
    """Whether a request comes from a page of this very server, as only a browser can say it."""
    said = headers.get("sec-fetch-site", "")
    origin = headers.get("origin", "").partition("://")[2]
    return said in ("same-origin", "none") if said else origin == headers.get("host", "nowhere")


async def refuse_socket(send: Send) -> None:
    """Close a socket that was never open, which the client sees as 403."""
    await send({"type": "websocket.close", "code": 1008})


def too_large(most: int) -> Response:
    """Say how much would be taken."""
    return error_response(
        413, f"the body has more than {most:,} bytes", hint="send less at one time"
    )


class CleanRequest(Request):
    """A request whose JSON is clean: no NUL, no lone surrogate, no NaN, not too deep."""

    async def json(self) -> Any:
        if not hasattr(self, "_clean_json"):
            self._clean_json = read_json(await self.body())
        return self._clean_json


class BorderRoute(APIRoute):
    """A route whose requests are clean."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def with_clean_request(request: Request) -> Response:
            return await handler(CleanRequest(request.scope, request.receive))

        return with_clean_request


def read_json(body: bytes) -> Any:
    """Read a body, or say what is wrong with it."""
    try:
        value = json.loads(body, parse_constant=_not_a_number)
        _check_numbers(value)
    except (ValueError, RecursionError) as error:
        said = str(error) if isinstance(error, ValueError) else "nested too deep"
        raise ApiError(422, f"the body is no JSON that can be used: {said}"[:300]) from error
    try:
        return clean(value)
    except BadInput as error:
        raise ApiError(422, error.what, hint=error.cure) from error


def _not_a_number(word: str) -> Never:
    raise ValueError(f"{word} is no number in JSON")


def _check_numbers(value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")
    if isinstance(value, Mapping):
        for one in cast("Mapping[str, Any]", value).values():
            _check_numbers(one)
    elif isinstance(value, list):
        for one in cast("list[Any]", value):
            _check_numbers(one)
