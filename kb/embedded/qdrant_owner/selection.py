"""What of a point is sent back: its payload, its vectors."""

from typing import Any

import qdrant_edge

from kb.embedded.qdrant_owner import vectors
from kb.embedded.qdrant_owner.forms import Form


class Include(Form):
    """Only these payload fields."""

    include: list[str]


class Exclude(Form):
    """All payload fields but these."""

    exclude: list[str]


WithPayload = bool | list[str] | Include | Exclude
WithVector = bool | list[str]


def payload_to_engine(wanted: WithPayload | None, *, otherwise: bool) -> Any:
    """Say which payload fields the engine is to read."""
    match wanted:
        case None:
            return otherwise
        case Include():
            return qdrant_edge.PayloadSelector.Include(keys=wanted.include)
        case Exclude():
            return qdrant_edge.PayloadSelector.Exclude(keys=wanted.exclude)
        case _:
            return wanted


def record(point: Any) -> dict[str, Any]:
    """Write a point as JSON; `point` is the engine's Record or ScoredPoint."""
    told: dict[str, Any] = {"id": point.id if isinstance(point.id, int) else str(point.id)}
    if point.payload is not None:
        told["payload"] = point.payload
    if point.vector is not None:
        told["vector"] = vectors.from_engine(point.vector)
    return told


def scored(point: qdrant_edge.ScoredPoint) -> dict[str, Any]:
    """Write a found point as JSON."""
    return {**record(point), "version": point.version, "score": point.score}
