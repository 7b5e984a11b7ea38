"""What goes wrong on the way to the server, in our words: what, where, and what to do."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import httpx
from langgraph_sdk.errors import APIError

from kb_contract.errors import ScriptoriumError


class ServerSaid(ScriptoriumError):
    """The server refused, or could not do it."""


@contextmanager
def in_our_words(url: str) -> Generator[None]:
    """Say what went wrong in the block."""
    try:
        yield
    except APIError as error:
        body: dict[str, Any] = (
            cast("dict[str, Any]", error.body) if isinstance(error.body, dict) else {}
        )
        said = str(body.get("message") or error.message)
        hint = str(body.get("hint") or "")
        raise ServerSaid(said, where=error.request.url.path, cure=hint) from error
    except httpx.HTTPStatusError as error:
        raise refusal(error.response) from error
    except httpx.ConnectError as error:
        raise ServerSaid(
            "nothing answers", where=url, cure="start it (kb up), or say where it is: Client(url)"
        ) from error
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise ServerSaid(
            f"the answer did not come ({type(error).__name__})",
            where=url,
            cure="look at `kb status`; what was asked goes on, `kb approvals` shows what waits",
        ) from error


def refusal(reply: httpx.Response) -> ServerSaid:
    """Read what the server refused with."""
    try:
        body: dict[str, Any] = dict(reply.json())
    except (ValueError, TypeError):
        body = {}
    said = body.get("message") or body.get("detail") or reply.text[:300]
    return ServerSaid(
        f"{reply.status_code}: {said}", where=reply.request.url.path, cure=body.get("hint") or ""
    )


def told(part: Any) -> Mapping[str, Any] | None:
    """The line that a part of a stream tells; None for what is not meant for people."""
    if part.event == "error":
        raise ServerSaid(str(part.data.get("message", part.data)), where="the run")
    return part.data if part.event.split("|")[0] == "custom" else None
