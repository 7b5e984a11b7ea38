"""Points whose vectors, words and payloads follow from their numbers, so that answers can be worked out by hand."""

import math
import uuid
from dataclasses import dataclass
from typing import Any

from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

POINTS = 40
IS_REFUSED = (UnexpectedResponse, ValueError)


@dataclass(frozen=True)
class Backend:
    kind: str
    client: QdrantClient


def point_id(n: int) -> int | str:
    return n if n % 2 == 0 else str(uuid.uuid5(uuid.NAMESPACE_URL, str(n)))


def dense_of(n: float) -> list[float]:
    angle = n / POINTS * math.pi / 2
    return [math.cos(angle), math.sin(angle), 0.25, 0.0]


def sparse_of(n: int) -> dict[int, float]:
    """Term 1 is everywhere, term 2 in every fourth point, term 100+n in one."""
    return {1: 1.0, 100 + n: 2.0} | ({2: 0.5 + n / 100} if n % 4 == 0 else {})


def payload_of(n: int) -> dict[str, Any]:
    return {
        "n": n,
        "even": n % 2 == 0,
        "tags": ["all", f"mod{n % 3}"],
        "metadata": {"agent_id": f"agent_{n % 2}", "path": f"a/{n}.md"},
        "when": f"2026-01-{n % 28 + 1:02d}T00:00:00Z",
    } | ({"note": None if n % 5 == 0 else "text"} if n % 10 < 8 else {})


def point(n: int) -> models.PointStruct:
    sparse = sparse_of(n)
    vector = models.SparseVector(indices=list(sparse), values=list(sparse.values()))
    return models.PointStruct(
        id=point_id(n), vector={"dense": dense_of(n), "sparse": vector}, payload=payload_of(n)
    )


def cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(x * x for x in b))


def idf_score(query: dict[int, float], n: int) -> float:
    def idf(term: int) -> float:
        holders = sum(term in sparse_of(other) for other in range(POINTS))
        return math.log(1 + (POINTS - holders + 0.5) / (holders + 0.5))

    vector = sparse_of(n)
    return sum(weight * idf(t) * vector[t] for t, weight in query.items() if t in vector)


def ranked(scores: dict[int, float], limit: int) -> list[tuple[int, float]]:
    return sorted(scores.items(), key=lambda one: -one[1])[:limit]


def has(key: str, **match: Any) -> models.FieldCondition:
    kinds = {"value": models.MatchValue, "any": models.MatchAny, "except_": models.MatchExcept}
    kind = kinds[next(iter(match))]
    given = {"except": match["except_"]} if "except_" in match else match
    return models.FieldCondition(key=key, match=kind(**given))


def where(*must: Any, **other: Any) -> models.Filter:
    return models.Filter(must=list(must) or None, **other)


def numbers(points: list[Any]) -> list[int]:
    return [one.payload["n"] for one in points]


DENSE_QUERY = dense_of(13)
SPARSE_QUERY = {2: 1.0, 108: 1.0}
ODD = where(has("metadata.agent_id", value="agent_1"))


def sparse_query() -> models.SparseVector:
    return models.SparseVector(indices=list(SPARSE_QUERY), values=list(SPARSE_QUERY.values()))
