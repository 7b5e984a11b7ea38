"""What a collection is made of: its vectors, and how they are indexed."""

from typing import Annotated, Any, Literal

import qdrant_edge
from pydantic import Field

from kb.embedded.qdrant_owner.forms import Form, Payload, Unsupported
from kb.embedded.qdrant_owner.vectors import VectorNames

Count = Annotated[int, Field(ge=0, lt=2**31)]
# Qdrant's own threshold: kilobytes of vectors that are searched faster with an index.
INDEXING_KILOBYTES = 10_000
# One search thread per core and collection adds up; a query over one shard gains little by more.
SEARCH_THREADS = 2


class Hnsw(Form):
    """How the graph of nearest neighbours is built."""

    m: Count | None = None
    ef_construct: Count | None = None
    full_scan_threshold: Count | None = None
    max_indexing_threads: Count | None = None
    on_disk: bool | None = None
    payload_m: Count | None = None
    inline_storage: Unsupported = None
    memory: Unsupported = None

    def complete(self) -> dict[str, Any]:
        """All of it, with Qdrant's values where none are given."""
        return {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000} | self.given()


class Optimizers(Form):
    """When segments are merged and indexed."""

    deleted_threshold: float | None = None
    vacuum_min_vector_number: Count | None = None
    default_segment_number: Count | None = None
    max_segment_size: Count | None = None
    indexing_threshold: Count | None = None
    memmap_threshold: Unsupported = None
    flush_interval_sec: Unsupported = None
    max_optimization_threads: Unsupported = None
    prevent_unoptimized: Unsupported = None


class DenseVector(Form):
    """One named dense vector."""

    size: Annotated[int, Field(ge=1, le=65_536)]
    distance: Literal["Cosine", "Euclid", "Dot", "Manhattan"]
    on_disk: bool | None = None
    hnsw_config: Hnsw | None = None
    quantization_config: Unsupported = None
    datatype: Unsupported = None
    multivector_config: Unsupported = None
    memory: Unsupported = None

    def to_engine(self) -> qdrant_edge.EdgeVectorParams:
        hnsw = self.hnsw_config
        return qdrant_edge.EdgeVectorParams(
            size=self.size,
            distance=getattr(qdrant_edge.Distance, self.distance),
            on_disk=self.on_disk,
            hnsw_config=qdrant_edge.HnswIndexConfig(**hnsw.complete()) if hnsw else None,
        )


class SparseIndex(Form):
    """Where the inverted index lies."""

    on_disk: bool | None = None
    full_scan_threshold: Count | None = None
    datatype: Unsupported = None
    memory: Unsupported = None


class SparseVectorKind(Form):
    """One named sparse vector."""

    modifier: Literal["idf", "none"] | None = None
    index: SparseIndex | None = None

    def to_engine(self) -> qdrant_edge.EdgeSparseVectorParams:
        return qdrant_edge.EdgeSparseVectorParams(
            modifier=qdrant_edge.Modifier.Idf if self.modifier == "idf" else None,
            **(self.index.given() if self.index else {}),
        )


class CreateCollection(Form):
    """Body of `PUT collections/{name}`; kept word for word, so it is the collection's schema."""

    vectors: dict[str, DenseVector] = Field(default_factory=dict[str, DenseVector])
    sparse_vectors: dict[str, SparseVectorKind] | None = None
    hnsw_config: Hnsw | None = None
    optimizers_config: Optimizers | None = None
    on_disk_payload: bool | None = None
    metadata: Payload | None = None
    shard_number: Literal[1] | None = None
    replication_factor: Literal[1] | None = None
    write_consistency_factor: Literal[1] | None = None
    sharding_method: Unsupported = None
    payload: Unsupported = None
    id_tracker: Unsupported = None
    wal_config: Unsupported = None
    quantization_config: Unsupported = None
    strict_mode_config: Unsupported = None

    def names(self) -> VectorNames:
        dense = {name: vector.size for name, vector in self.vectors.items()}
        return VectorNames(dense, frozenset(self.sparse_vectors or ()))

    def points_worth_an_index(self) -> int:
        """How many points without an index are too many."""
        bytes_each = 4 * max((one.size for one in self.vectors.values()), default=1)
        return self._optimizers()["indexing_threshold"] * 1024 // bytes_each

    def _optimizers(self) -> dict[str, Any]:
        given = self.optimizers_config.given() if self.optimizers_config else {}
        return {"indexing_threshold": INDEXING_KILOBYTES, **given}

    def to_engine(self) -> qdrant_edge.EdgeConfig:
        sparse = {name: one.to_engine() for name, one in (self.sparse_vectors or {}).items()}
        hnsw = self.hnsw_config
        return qdrant_edge.EdgeConfig(
            vectors={name: vector.to_engine() for name, vector in self.vectors.items()} or None,
            sparse_vectors=sparse or None,
            on_disk_payload=self.on_disk_payload,
            hnsw_config=qdrant_edge.HnswIndexConfig(**hnsw.complete()) if hnsw else None,
            optimizers=qdrant_edge.EdgeOptimizersConfig(**self._optimizers()),
            max_search_threads=SEARCH_THREADS,
        )

    def told(self) -> dict[str, Any]:
        """Write `config` of the collection's info."""
        given = self.given()
        sparse = {"sparse_vectors": given["sparse_vectors"]} if self.sparse_vectors else {}
        return {
            "params": {"vectors": given["vectors"], "shard_number": 1, **sparse},
            "hnsw_config": (self.hnsw_config or Hnsw()).complete(),
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
                **self._optimizers(),
            },
            "metadata": self.metadata,
        }


class UpdateCollection(Form):
    """Body of `PATCH collections/{name}`: keys to merge into its metadata; null takes one away."""

    metadata: Payload | None = None
    vectors: Unsupported = None
    sparse_vectors: Unsupported = None
    hnsw_config: Unsupported = None
    optimizers_config: Unsupported = None
    params: Unsupported = None
    quantization_config: Unsupported = None
    strict_mode_config: Unsupported = None

    def applied_to(self, schema: CreateCollection) -> CreateCollection:
        merged = {**(schema.metadata or {}), **(self.metadata or {})}
        kept = {key: value for key, value in merged.items() if value is not None}
        return schema.model_copy(update={"metadata": kept or None})
