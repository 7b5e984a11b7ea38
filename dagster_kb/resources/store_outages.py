"""What a Qdrant that is away for a moment says, in our words: the same in every step of a writer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import httpx
from qdrant_client.http.exceptions import ResponseHandlingException

from kb_contract.errors import KnowledgeUnavailable

Send = Callable[[httpx.Request], httpx.Response]
# What it will never do is no outage.
LASTING: Final = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
ASKED_TO_WAIT: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_SHOWN: Final = 200


def tell_outages(request: httpx.Request, send: Send) -> httpx.Response:
    """As middleware of the client: no answer, or one of a server in trouble, is an outage.

    What says that the request itself is wrong goes on to whoever asked.
    """
    try:
        answer = send(request)
    except ResponseHandlingException as error:
        source = error.source
        how = f"does not answer ({type(source).__name__}: {source})"
        raise _away(request.url, how) from error
    if is_passing(answer.status_code):
        how = f"answers {answer.status_code} {answer.reason_phrase}{_said(answer)}"
        raise _away(request.url, how)
    return answer


def is_passing(status: int) -> bool:
    """Pure: whether the same request may be answered in a while."""
    is_in_trouble = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in LASTING
    return is_in_trouble or status in ASKED_TO_WAIT


def _said(answer: httpx.Response) -> str:
    """What Qdrant says itself; a proxy's page says nothing more."""
    is_qdrant = answer.headers.get("content-type", "").startswith("application/json")
    return f": {' '.join(answer.text.split())[:_SHOWN]}" if is_qdrant else ""


def _away(asked: httpx.URL, how: str) -> KnowledgeUnavailable:
    # Whoever reads this may not know which Qdrant a process was given; nor should it see a password.
    address = f"{asked.scheme}://{asked.host}:{asked.port or ''}".rstrip(":")
    return KnowledgeUnavailable(
        f"Qdrant {how}", where=f"QDRANT_URL {address}",
        cure="see `kb status`; what was begun is taken up again when it answers",
    )  # fmt: skip
