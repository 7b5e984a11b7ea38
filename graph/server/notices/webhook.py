"""Calls a webhook: signed (where there is a secret) as Standard Webhooks says, to one address, without following anyone."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from graph.server.notices.safe_address import Resolve, resolve, safe_place

SECONDS: Final = 10.0
REDIRECTS: Final = range(300, 400)


class NotTaken(Exception):
    """The receiver did not take it; it may take it later."""


def signature(secret: str, delivery: str, moment: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`."""
    said = f"{delivery}.{moment}.".encode() + body
    digest = hmac.new(key_of(secret), said, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def key_of(secret: str) -> bytes:
    """The bytes that sign; ValueError when `whsec_` is followed by something else than base64."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    return base64.b64decode(secret.removeprefix("whsec_"), validate=True)


@dataclass(frozen=True)
class Webhooks:
    """Posts JSON; a delivery that is repeated has the same id, so receivers can tell."""

    secret: str
    allow_private: bool = False
    ask: Resolve = resolve
    clock: Callable[[], float] = time.time
    seconds: float = SECONDS

    async def post(self, url: str, delivery: str, body: bytes) -> None:
        """Raise unless the receiver says 2xx."""
        place = await safe_place(url, allow_private=self.allow_private, ask=self.ask)
        moment = int(self.clock())
        headers = {
            "host": place.host,
            "content-type": "application/json",
            "user-agent": "scriptorium",
            "webhook-id": delivery,
            "webhook-timestamp": str(moment),
        }
        if self.secret:
            headers["webhook-signature"] = signature(self.secret, delivery, moment, body)
        name = httpx.URL(url).host
        # No proxies and no netrc: the call goes to the address that was looked at, and nowhere else.
        async with (
            httpx.AsyncClient(
                timeout=self.seconds, trust_env=False, follow_redirects=False
            ) as client,
            client.stream(
                "POST", place.url, content=body, headers=headers, extensions={"sni_hostname": name}
            ) as reply,
        ):
            if not reply.is_success:
                where = " (redirects are not followed)" if reply.status_code in REDIRECTS else ""
                raise NotTaken(f"it answered {reply.status_code}{where}")
