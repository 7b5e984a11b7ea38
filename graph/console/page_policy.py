"""What a browser may load and run on a page of the console: what came with it, and nothing else."""

import re
import secrets
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT: Final = re.compile(rb"<script(?=[\s>])")
# NiceGUI's own script evaluates what its server sends; script of any other origin is refused.
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class PagePolicy:
    """Gives each page a number used once, and each of its own script elements the same."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        start: list[Message] = []
        body = bytearray()

        async def send_page(message: Message) -> None:
            if message["type"] == "http.response.start":
                if _is_page(message):
                    start.append(message)
                else:
                    await send(message)
            elif not start:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._send_whole(send, start[0], bytes(body), nonce)

        await self.app(scope, receive, send_page)

    async def _send_whole(self, send: Send, start: Message, body: bytes, nonce: str) -> None:
        # What is shown stands in the page as escaped JSON, so every element found here is the library's.
        whole = _SCRIPT.sub(f'<script nonce="{nonce}"'.encode(), body)
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(whole))
        headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
        headers["X-Content-Type-Options"] = "nosniff"
        # With no-referrer a browser signs forms as coming from nowhere, and the server refuses those.
        headers["Referrer-Policy"] = "same-origin"
        headers["Cache-Control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": whole})


def _is_page(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
