"""Reading requests: query with prefetch and fusion, scroll, retrieve, count, facet."""

from typing import Annotated, Any, Literal, cast

import qdrant_edge
from pydantic import Field

from kb.embedded.qdrant_owner import vectors
from kb.embedded.qdrant_owner.filters import Filter, filter_to_engine
from kb.embedded.qdrant_owner.forms import Form, Limit, Offset, PointId, PointIds, Unsupported
from kb.embedded.qdrant_owner.refusals import unsupported
from kb.embedded.qdrant_owner.selection import WithPayload, WithVector, payload_to_engine

# What Qdrant takes when nothing is said.
LIMIT = 10
RRF_K = 2


class SearchParams(Form):
    """How hard the index is searched."""

    hnsw_ef: Annotated[int, Field(ge=0)] | None = None
    exact: bool | None = None
    indexed_only: bool | None = None
    quantization: Unsupported = None
    acorn: Unsupported = None
    idf: Unsupported = None

    def to_engine(self) -> qdrant_edge.SearchParams:
        return qdrant_edge.SearchParams(
            hnsw_ef=self.hnsw_ef, exact=bool(self.exact), indexed_only=bool(self.indexed_only)
        )


class Nearest(Form):
    """`{"nearest": vector}`."""

    nearest: vectors.OneVector
    mmr: Unsupported = None


class FusionQuery(Form):
    """`{"fusion": "rrf"}`."""

    fusion: Literal["rrf", "dbsf"]


class Rrf(Form):
    """Parameters of reciprocal rank fusion; weights came with servers newer than we rely on."""

    k: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    weights: Unsupported = None


class RrfQuery(Form):
    """`{"rrf": {"k": …}}`."""

    rrf: Rrf


class OtherQuery(Form):
    """Kinds of query that Qdrant has and we do not."""

    recommend: Unsupported = None
    discover: Unsupported = None
    context: Unsupported = None
    order_by: Unsupported = None
    formula: Unsupported = None
    sample: Unsupported = None
    relevance_feedback: Unsupported = None
    text: Unsupported = None


Query = Annotated[
    vectors.OneVector | Nearest | FusionQuery | RrfQuery | OtherQuery | PointId, Field()
]


class Prefetch(Form):
    """A query whose answers the outer query merges."""

    query: Query | None = None
    using: str | None = None
    prefetch: "list[Prefetch] | Prefetch | None" = None
    filter: Filter | None = None
    params: SearchParams | None = None
    score_threshold: float | None = None
    limit: Limit | None = None
    lookup_from: Unsupported = None

    def prefetches(self) -> "list[Prefetch]":
        if isinstance(self.prefetch, Prefetch):
            return [self.prefetch]
        return self.prefetch or []

    def parts(self) -> dict[str, Any]:
        """What a query and a prefetch have in common."""
        return {
            "limit": self.limit or LIMIT,
            "query": _query_to_engine(self.query, self.using),
            "prefetches": [
                qdrant_edge.Prefetch(**inner.parts()) for inner in self.prefetches()
            ] or None,
            "filter": filter_to_engine(self.filter),
            "params": self.params.to_engine() if self.params else None,
            "score_threshold": self.score_threshold,
        }  # fmt: skip


class QueryPoints(Prefetch):
    """Body of `points/query`."""

    offset: Offset | None = None
    with_payload: WithPayload | None = None
    with_vector: WithVector | None = None
    shard_key: Unsupported = None

    def to_engine(self) -> qdrant_edge.QueryRequest:
        return qdrant_edge.QueryRequest(
            **self.parts(),
            offset=self.offset or 0,
            with_payload=payload_to_engine(self.with_payload, otherwise=False),
            with_vector=self.with_vector or False,
        )


class QueryBatch(Form):
    """Body of `points/query/batch`."""

    searches: list[QueryPoints]


class Scroll(Form):
    """Body of `points/scroll`."""

    offset: PointId | None = None
    limit: Limit | None = None
    filter: Filter | None = None
    with_payload: WithPayload | None = None
    with_vector: WithVector | None = None
    order_by: Unsupported = None
    shard_key: Unsupported = None

    def to_engine(self) -> qdrant_edge.ScrollRequest:
        return qdrant_edge.ScrollRequest(
            offset=self.offset,
            limit=self.limit or LIMIT,
            filter=filter_to_engine(self.filter),
            with_payload=payload_to_engine(self.with_payload, otherwise=True),
            with_vector=self.with_vector or False,
        )


class Retrieve(Form):
    """Body of `POST points`."""

    ids: PointIds
    with_payload: WithPayload | None = None
    with_vector: WithVector | None = None
    shard_key: Unsupported = None


class Count(Form):
    """Body of `points/count`; the count is exact, whatever is asked."""

    filter: Filter | None = None
    exact: bool | None = None
    shard_key: Unsupported = None


class Facet(Form):
    """Body of `facet`."""

    key: str
    limit: Limit | None = None
    filter: Filter | None = None
    exact: bool | None = None
    shard_key: Unsupported = None

    def to_engine(self) -> qdrant_edge.FacetRequest:
        return qdrant_edge.FacetRequest(
            key=self.key,
            limit=self.limit or LIMIT,
            exact=bool(self.exact),
            filter=filter_to_engine(self.filter),
        )


def _query_to_engine(query: Any, using: str | None) -> Any:
    match query:
        case None:
            return None
        case Nearest():
            return _query_to_engine(query.nearest, using)
        case list() | vectors.SparseVector():
            vector = vectors.to_engine(cast("list[float] | vectors.SparseVector", query))
            return qdrant_edge.Query.Nearest(vector, using=using)
        case FusionQuery(fusion="rrf"):
            return qdrant_edge.Fusion.Rrf(k=RRF_K)
        case RrfQuery():
            return qdrant_edge.Fusion.Rrf(k=query.rrf.k or RRF_K)
        case FusionQuery():
            raise unsupported("`query.fusion` = dbsf")
        case _:
            raise unsupported("`query` by the id of a point")
