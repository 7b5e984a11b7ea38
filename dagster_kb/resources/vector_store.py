"""The vector store: one collection per colour of an agent, behind aliases."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.client import NOT_FOUND
from typing import Any, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from dagster_kb.batching import batches
from dagster_kb.resources.store_outages import tell_outages
from kb_contract.errors import GateRefused
from kb_contract.index_settings import IndexSettings
from kb_contract.loopback import key_may_go_to
from kb_contract.payload import DENSE, INDEXED_FIELDS, SPARSE, ChunkPayload
from kb_contract.setting_errors import required
from kb_contract.sparse_words import Weights, document_weights, question_weights
from kb_contract.trusted_certificates import trusted_certificates

BATCH: Final = 256
PAGE: Final = 1000
HASTY_SECONDS: Final = 10
_SPACE: Final = "space_id"
_STAMP: Final = "stamp"


@dataclass(frozen=True)
class Point:
    """A chunk with its vectors; `words` is what the sparse one is made of."""

    chunk_id: str
    payload: ChunkPayload
    dense: NDArray[np.float32]
    words: str

    def body(self) -> dict[str, Any]:
        """What the store is sent."""
        weights = document_weights(self.words)
        words = {"indices": list(weights), "values": list(weights.values())}
        return {
            "id": self.chunk_id,
            "vector": {DENSE: self.dense, SPARSE: words},
            "payload": self.payload.model_dump(mode="json"),
        }


@dataclass(frozen=True)
class StoredPoint:
    """What the store says that it holds."""

    chunk_id: str
    payload: Mapping[str, Any]
    score: float = 0.0


@dataclass(frozen=True)
class Description:
    """What a collection says of itself; readers never see it."""

    dimension: int | None
    """Size of the dense vectors; None when they are none of ours."""
    space: str | None
    """Id of the embedding space that it was made for."""
    stamp: str | None
    """What the writer put there when it last looked at it."""
    index: IndexSettings = field(default_factory=IndexSettings)


@dataclass(frozen=True)
class VectorStore:
    """Qdrant, through its client; connects at the first call."""

    url: str
    api_key: str | None = None
    timeout: int = 60

    @cached_property
    def client(self) -> QdrantClient:
        # The check would ask the server at construction, and warn of versions that we test with.
        url = required("QDRANT_URL", self.url)
        with key_may_go_to(url):
            client = QdrantClient(
                url=url,
                api_key=self.api_key,
                timeout=self.timeout,
                check_compatibility=False,
                verify=trusted_certificates(),
            )
        client.http.client.add_middleware(tell_outages)
        return client

    @cached_property
    def hasty(self) -> Self:
        """The same, for who cannot wait: Dagster ends a sensor after a minute, whatever it has to say."""
        return replace(self, timeout=HASTY_SECONDS)

    def dimension(self, collection: str) -> int | None:
        """Size of the dense vectors; None when there is no such collection, or none of ours."""
        there = self.describe(collection)
        return there.dimension if there else None

    def describe(self, collection: str) -> Description | None:
        """Ask a collection what it is; None when there is none."""
        try:
            config = self.client.get_collection(collection).config
        except UnexpectedResponse as error:
            if error.status_code != NOT_FOUND:
                raise
            return None
        vectors, said = config.params.vectors, config.metadata or {}
        dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
        hnsw = config.hnsw_config.model_dump(include=set(IndexSettings.model_fields))
        index = IndexSettings.model_construct(**hnsw)
        return Description(dense.size if dense else None, said.get(_SPACE), said.get(_STAMP), index)

    def stamp(self, collection: str, stamp: str) -> None:
        """Put a mark on the collection itself, which no copy made before has."""
        self.client.update_collection(collection, metadata={_STAMP: stamp})

    def recreate(
        self, collection: str, dimension: int, space_id: str = "",
        index: IndexSettings | None = None,
    ) -> None:  # fmt: skip
        """Make the collection, empty; it says last whose it is, so that one half made is nobody's."""
        self.drop(collection)
        self.client.create_collection(
            collection,
            vectors_config={
                DENSE: models.VectorParams(size=dimension, distance=models.Distance.COSINE)
            },
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            hnsw_config=models.HnswConfigDiff(**(index or IndexSettings()).model_dump()),
        )
        for key, schema in INDEXED_FIELDS:
            self.client.create_payload_index(
                collection, key, models.PayloadSchemaType(schema), wait=True
            )
        self.client.update_collection(collection, metadata={_SPACE: space_id})

    def drop(self, collection: str) -> None:
        """Drop it; where there is none the store says so, and that is what was wanted."""
        self.client.delete_collection(collection)

    def count(self, collection: str) -> int:
        return self.client.count(collection, exact=True).count

    def count_if_there(self, collection: str) -> int | None:
        """Count; None when there is no such collection."""
        try:
            return self.count(collection)
        except UnexpectedResponse as error:
            if error.status_code != NOT_FOUND:
                raise
            return None

    def points(self, collection: str, *, payloads: bool) -> Iterator[StoredPoint]:
        """Every point of the collection."""
        offset: Any = None
        while True:
            page, offset = self.client.scroll(
                collection, limit=PAGE, offset=offset, with_payload=payloads, with_vectors=False
            )
            yield from (StoredPoint(str(one.id), one.payload or {}) for one in page)
            if offset is None:
                return

    def some(
        self, collection: str, chunk_ids: Sequence[str], *, payloads: bool
    ) -> list[StoredPoint]:
        """Return those of the points that are there."""
        found = self.client.retrieve(
            collection, _ids(chunk_ids), with_payload=payloads, with_vectors=False
        )
        return [StoredPoint(str(one.id), one.payload or {}) for one in found]

    def sample(self, collection: str, limit: int) -> list[StoredPoint]:
        """Return some points."""
        page, _ = self.client.scroll(collection, limit=limit, with_payload=True)
        return [StoredPoint(str(one.id), one.payload or {}) for one in page]

    def write(self, collection: str, points: Sequence[Point]) -> None:
        """Write one batch; returns when the store has it.

        The client's own models would look at every number of a vector, and write it with twice its digits.
        """
        body = {"points": [one.body() for one in points]}
        sent: Any = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
        self.client.http.points_api.upsert_points(
            collection, wait=True, point_insert_operations=sent
        )

    def delete(self, collection: str, chunk_ids: Sequence[str]) -> None:
        for batch in batches(chunk_ids, PAGE):
            self.client.delete(collection, models.PointIdsList(points=_ids(batch)), wait=True)

    def search(
        self, collection: str, question: str, vector: Sequence[float], limit: int
    ) -> list[StoredPoint]:
        """Find by meaning and by words, fused, as readers do."""
        found = self.client.query_points(
            collection,
            prefetch=[
                models.Prefetch(query=list(vector), using=DENSE, limit=max(30, limit)),
                models.Prefetch(
                    query=sparse_vector(question_weights(question)),
                    using=SPARSE,
                    limit=max(30, limit),
                ),
            ],
            query=models.FusionQuery(fusion=models.Fusion.RRF),
            limit=limit,
            with_payload=True,
        )
        return [StoredPoint(str(one.id), one.payload or {}, one.score) for one in found.points]

    def ask(
        self, collection: str, requests: Sequence[models.QueryRequest]
    ) -> list[list[StoredPoint]]:
        """Ask several things in one request.

        The client's own ways would copy every vector twice, and make a model of each point that is found.
        """
        searches = [one.model_dump(mode="json", exclude_none=True) for one in requests]
        answered: Mapping[str, Any] = self.client.http.client.request(
            type_=dict[str, Any], method="POST", url="/collections/{collection}/points/query/batch",
            path_params={"collection": collection}, headers={"Content-Type": "application/json"},
            content=orjson.dumps({"searches": searches}),
        )  # fmt: skip
        return [[StoredPoint(str(one["id"]), one.get("payload") or {}, one["score"])
                 for one in each["points"]] for each in answered["result"]]  # fmt: skip

    def collections(self) -> list[str]:
        """Every collection that is there, of whomever."""
        return [one.name for one in self.client.get_collections().collections]

    def aliases(self) -> dict[str, str]:
        """Every alias with its collection."""
        return {one.alias_name: one.collection_name for one in self.client.get_aliases().aliases}

    def point_aliases(self, aliases: Sequence[str], collection: str) -> None:
        """Point the aliases at a collection in one call, and read them back.

        Only CreateAlias, which overwrites: a Delete before it would stay when the Create fails.
        """
        try:
            self.client.update_collection_aliases(
                [
                    models.CreateAliasOperation(
                        create_alias=models.CreateAlias(
                            collection_name=collection, alias_name=alias
                        )
                    )
                    for alias in aliases
                ]
            )
        except UnexpectedResponse as error:
            if error.status_code != NOT_FOUND:
                raise
            said = f"there is no collection {collection!r} to point an alias at"
            raise GateRefused(said) from error
        now = self.aliases()
        if wrong := [alias for alias in aliases if now.get(alias) != collection]:
            raise GateRefused(f"aliases {wrong} do not point to {collection!r} after the swap")

    def drop_aliases(self, aliases: Sequence[str]) -> None:
        there = self.aliases()
        gone = [
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
            for alias in aliases
            if alias in there
        ]
        if gone:
            self.client.update_collection_aliases(gone)


def sparse_vector(weights: Weights) -> models.SparseVector:
    """Make the store's vector of weighted words."""
    return models.SparseVector(indices=list(weights), values=list(weights.values()))


def _ids(chunk_ids: Iterable[str]) -> list[Any]:
    """Make the store's ids of ours; only somebody else's are numbers."""
    return [int(one) if one.isdecimal() else one for one in chunk_ids]
