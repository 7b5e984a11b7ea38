"""Who may call: everyone on this machine, or whoever has the key."""

import hmac
import ipaddress
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.server.border import refuse_socket
from graph.server.errors import error_response
from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting

# A push has no key; its signature says who sent it.
OPEN_PATHS: Final = frozenset({"/ok", "/info", "/health/live", "/health/ready", "/hooks/git"})


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(settings: ReaderSettings) -> None:
    """Refuse to be open to others without asking who they are."""
    if settings.kb_auth == "off" and not is_loopback(settings.api_host):
        raise BadSetting(
            f"KB_AUTH=off is allowed on loopback only, and API_HOST is {settings.api_host!r}",
            where="settings",
            cure="set API_HOST=127.0.0.1, or KB_AUTH=required with a KB_API_KEY",
        )
    key = settings.kb_api_key
    if settings.kb_auth == "required" and (key is None or not key.get_secret_value()):
        raise BadSetting(
            "KB_AUTH=required needs a KB_API_KEY",
            where="settings",
            cure="set KB_API_KEY to a long random text, and give it to callers",
        )


@dataclass(frozen=True)
class KeyCheck:
    """Asks for X-Api-Key, or the same as a bearer token."""

    app: ASGIApp
    key: SecretStr

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS or self._has_key(scope):
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await refuse_socket(send)
            return
        refusal = error_response(401, "the key is missing or wrong", hint="send it as X-Api-Key")
        await refusal(scope, receive, send)

    def _has_key(self, scope: Scope) -> bool:
        if scope.get("method") == "OPTIONS":
            return True
        headers = Headers(scope=scope)
        said = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(said.encode(), self.key.get_secret_value().encode())
