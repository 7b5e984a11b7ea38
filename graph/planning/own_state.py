"""What our own live state tells of: who asks for something else is not answered by it."""

import re
from collections.abc import Mapping
from typing import Final

_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "generations": ("generation", "live", "serving", "served"),
    "colours": ("colour", "color", "blue", "green", "alias"),
    "runs": ("run", "ingest", "pipeline", "failed", "last"),
    "queue": ("queue", "waiting", "pending", "busy", "backlog", "worker"),
    "workers": ("heartbeat", "worker"),
    "services": (
        "qdrant", "postgres", "database", "service", "server", "stack", "healthy", "health", " up", "down", "reachable",
        "online", "offline", "available",
    ),
    "clock": ("time", "date", "day is"),
}  # fmt: skip
_ALL: Final = re.compile(
    r"\b(?:status|state|overview|everything|scriptorium|how\s+(?:are|is)\s+(?:things|it|everything)|system)\b"
)


def asked_parts(question: str) -> set[str]:
    """Return the parts of the state that words of the question name."""
    words = f" {question.lower()}"
    return {part for part, signs in _SIGNS.items() if any(sign in words for sign in signs)}


def is_told(question: str) -> bool:
    """Whether the state has a part that is asked for, or all of it is asked for."""
    return bool(asked_parts(question) or _ALL.search(question.lower()))
