"""What stands between the network and the routes: key, size, content type, query parameters."""

import hmac
from dataclasses import dataclass
from http import HTTPStatus

from starlette.requests import Request

from kb.embedded.qdrant_owner.refusals import Refused, bad_request

# Qdrant's own limit.
LARGEST_BODY = 32 * 1024 * 1024
# One process, and every write is waited for: these ask for no more than what is always given.
HARMLESS_PARAMETERS = frozenset({"wait", "ordering", "consistency", "timeout"})


@dataclass(frozen=True)
class Door:
    """Lets requests in, or not."""

    api_key: str | None

    async def body(self, request: Request) -> bytes:
        """Check a request and read its body."""
        self._check_key(request)
        for name in request.query_params:
            if name not in HARMLESS_PARAMETERS:
                raise bad_request(f"unknown query parameter `{name}`")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > LARGEST_BODY:
                raise Refused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    f"JSON payload is larger than allowed (limit: {LARGEST_BODY} bytes)",
                )
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        # A web page cannot send this type across origins without asking first.
        if body and kind != "application/json":
            raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json")
        return bytes(body)

    def _check_key(self, request: Request) -> None:
        if not self.api_key:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token if scheme.lower() == "bearer" else ""
        shown = request.headers.get("api-key") or bearer
        if not hmac.compare_digest(shown.encode(), self.api_key.encode()):
            raise Refused(
                HTTPStatus.UNAUTHORIZED, "Must provide an API key or an Authorization bearer token"
            )
