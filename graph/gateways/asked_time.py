"""Which past a caller asks of: a generation, a commit or a moment; nothing: what is live."""

import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from langgraph.runtime import get_runtime

from graph.run_context import RunContext
from kb_contract.errors import BadInput

READING_AS_OF: ContextVar[str | None] = ContextVar("reading_as_of", default=None)
"""For reads outside of a run; within one, its context says it."""
_NUMBER: Final = re.compile(r"[1-9]\d{0,5}")
_SHA: Final = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True)
class AsOf:
    """A past, read from what a caller wrote."""

    kind: Literal["generation", "commit", "moment"]
    said: str
    moment: datetime | None = None


def asked_as_of() -> str | None:
    """Return what the caller of this run, or of this read, said."""
    said = READING_AS_OF.get()
    if said is not None:
        return said
    try:
        context = get_runtime(RunContext).context
    except (RuntimeError, AttributeError):  # no graph is running
        return None
    return RunContext.model_validate(context or {}).as_of


def read_as_of(said: str, now: datetime) -> AsOf:
    """Tell a number, a commit and a moment apart by how they are written."""
    text = said.strip()
    if _NUMBER.fullmatch(text):
        return AsOf("generation", text)
    if _SHA.fullmatch(text):
        return AsOf("commit", text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            f"as_of is {text[:60]!r}", where="as_of",
            cure="write a generation's number, 7 to 40 digits of a commit, or a moment as "
            "2026-01-31 or 2026-01-31T12:00+01:00",
        ) from error  # fmt: skip
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment > now:
        raise BadInput(
            f"as_of is {text[:60]!r}, which is still to come", where="as_of",
            cure="name a moment of the past",
        )  # fmt: skip
    return AsOf("moment", text, moment)
