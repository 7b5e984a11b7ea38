"""What went wrong with one request, in our words, whichever way a provider's library says it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

import structlog

Kind = Literal["busy", "down", "refused_us", "refused_this", "not_whole", "late"]
log = structlog.get_logger(__name__)
LONGEST_REST: Final = 600.0
_SAID: Final = 300
_KEY: Final = re.compile(r"\b(?:sk|pk|gsk|xai|key|AIza)[-_]?[A-Za-z0-9_*-]{4,}")
_BUSY: Final = 429
# Another address is not asked: a profile names the one that its key and texts may go to.
_OURS: Final = frozenset({301, 302, 303, 307, 308, 401, 402, 403, 404})
_THIS: Final = frozenset({400, 413, 422})


@dataclass(eq=False)
class ProviderFailure(Exception):
    """One request gave nothing that can be used."""

    kind: Kind
    what: str
    rest: float | None = None
    """Seconds in which this model must not be asked again."""
    streams: bool = True
    """False: it answers, but not piece by piece."""

    @property
    def counts(self) -> bool:
        """Whether it says something about the provider, and not about what or how we asked."""
        return self.kind != "refused_this" and self.streams


def failure_of(error: Exception, *, rest_when_refused: float = 300.0) -> ProviderFailure:
    """Read an error of the provider's library."""
    status: Any = getattr(error, "status_code", None)
    # What a provider says of it is a stranger's text, and may repeat a key: answers do not show it.
    said = f"{type(error).__name__} {status}" if status else type(error).__name__
    log.warning("a provider failed", kind=said, says=_KEY.sub("[key]", str(error))[:_SAID])
    if status == _BUSY:
        return ProviderFailure("busy", said, rest=_retry_after(error))
    if status in _OURS:
        # A key or a name that is wrong does not heal by asking again.
        return ProviderFailure("refused_us", said, rest=rest_when_refused)
    if status in _THIS:
        return ProviderFailure("refused_this", said)
    return ProviderFailure("down", said, rest=_retry_after(error))


def _retry_after(error: Exception) -> float | None:
    response: Any = getattr(error, "response", None)
    for headers in (
        getattr(error, "litellm_response_headers", None),
        getattr(response, "headers", None),
    ):
        said = headers.get("retry-after") if headers else None
        if said:
            return _seconds(str(said))
    return None


def _seconds(said: str) -> float | None:
    """Read seconds, or a date; what is neither says nothing."""
    try:
        seconds = float(said)
    except ValueError:
        try:
            when = parsedate_to_datetime(said)
        except ValueError:
            return None
        # A date without a zone, or with "-0000", is one of UTC.
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()  # noqa: TID251 - the header is a time of the wall
    return min(max(seconds, 0.0), LONGEST_REST) if seconds == seconds else None
