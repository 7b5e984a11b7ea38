"""What browsers are told about every answer: no frames, no foreign content, no guessing of types."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# An answer of the API is data: nothing in it is ever run or shown as a page.
DATA: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-site",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_LIBRARY: Final = "https://cdn.jsdelivr.net"
_INLINE: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@dataclass(frozen=True)
class SafeHeaders:
    """Adds them to every answer that does not bring its own policy."""

    app: ASGIApp
    pages: dict[str, str]
    """Policies of paths that show pages."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = self.pages.get(scope["path"], DATA)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in {**HEADERS, "Content-Security-Policy": policy}.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_safely)


def page_policies(title: str) -> dict[str, str]:
    """Policies of the API's own pages: their one inline script is known by its digest."""
    swagger = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=f"{title} - Swagger UI",
        oauth2_redirect_url="/docs/oauth2-redirect",
    )
    redoc = get_redoc_html(openapi_url="/openapi.json", title=f"{title} - ReDoc")
    return {"/docs": _policy(bytes(swagger.body)), "/redoc": _policy(bytes(redoc.body))}


def _policy(page: bytes) -> str:
    scripts = _INLINE.findall(page.decode())
    digests = " ".join(f"'sha256-{_digest(one)}'" for one in scripts)
    return (
        f"default-src 'self'; script-src {_LIBRARY} {digests}".rstrip()
        + f"; style-src {_LIBRARY} 'unsafe-inline'; img-src 'self' data: https://fastapi.tiangolo.com"
        "; worker-src blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
