"""What people call the operations that the writer can do."""

import re
from typing import Any, Final

from graph.classification.spelling import fold

REFRESH: Final = "refresh_knowledge"
_AGAIN: Final = (
    r"\b(?:refresh|re-?ingest|ingest|ingestion|re-?index|re-?build|re-?load|re-?embed|re-?read|sync\w*"
    r"|update)\b"
)
# First match wins: "roll back and then refresh" is a rollback.
_NAMES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (
            "rollback",
            r"\b(?:roll(?:ed|ing)?(?:[-\s]?|\s+(?:[\w-]+\s+){1,4})back|revert|go\s+back\s+to)\b",
        ),
        ("resume", r"\b(?:resume|un-?pause|un-?suspend)\b"),
        ("pause", r"\b(?:pause|suspend|put\s+on\s+hold)\b"),
        ("verify", r"\bverify\b"),
        (REFRESH, _AGAIN),
    )
)
_GENERATION: Final = re.compile(r"\bgeneration\s+(\d{1,9})\b")


def operation_named(question: str) -> str | None:
    """Return the operation that a question asks for."""
    asked = fold(question)
    return next((name for name, pattern in _NAMES if pattern.search(asked)), None)


def operation_details(question: str, operation: str) -> dict[str, Any]:
    """Return what an operation needs beside its agent."""
    found = _GENERATION.search(fold(question))
    return {"to": int(found[1])} if operation == "rollback" and found else {}
