"""What is wrong with a body, told by the names that the caller wrote."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from kb.embedded.qdrant_owner.refusals import Refused, bad_request, unsupported

MOST_TOLD = 5


def from_validation(error: ValidationError, body: bytes) -> Refused:
    """Name every field that is wrong; a feature we do not have outranks a mere mistake."""
    problems = error.errors(include_url=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        return bad_request(f"Format error in JSON body: {problems[0]['msg']}")
    sent = from_json(body)
    by_place: dict[str, list[str]] = {}
    for problem in problems:
        place = _place(problem["loc"], sent, missing=problem["type"] == "missing")
        if problem["type"] == "none_required":
            return unsupported(f"`{place}`")
        by_place.setdefault(place, []).append(_reason(problem))
    told = [f"`{place}`: {', or '.join(by_place[place])}" for place in _innermost(by_place)]
    return bad_request(f"Format error in JSON body: {'; '.join(told[:MOST_TOLD])}")


def _reason(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "unknown field"
    return str(problem["msg"]).removeprefix("Value error, ")


def _innermost(places: Iterable[str]) -> list[str]:
    """Leave out what was tried for a whole whose part is already named."""
    kept = list(places)
    return [
        place
        for place in kept
        if not any(other.startswith((f"{place}.", f"{place}[")) for other in kept)
    ]


def _place(steps: Sequence[int | str], sent: Any, *, missing: bool) -> str:
    """Write a path of the body; steps that only name one of our types are left out."""
    place = ""
    for step in steps:
        if isinstance(step, int) and isinstance(sent, list):
            place, sent = f"{place}[{step}]", sent[step]  # pyright: ignore[reportUnknownVariableType]
        elif isinstance(sent, dict) and step in sent:
            place, sent = f"{place}.{step}", sent[step]  # pyright: ignore[reportUnknownVariableType]
    if missing:
        place = f"{place}.{steps[-1]}"
    return place.removeprefix(".") or "body"
