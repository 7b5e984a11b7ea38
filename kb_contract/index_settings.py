"""How a collection finds near vectors: the graph (HNSW) that Qdrant makes of them."""

from pydantic import BaseModel, ConfigDict, Field


class IndexSettings(BaseModel):
    """Small collections are compared whole, so only those of some ten thousand passages need another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    m: int = Field(
        default=16, ge=0, le=128,
        description="edges of each vector in the graph; 0: no graph, every search compares all vectors",
    )  # fmt: skip
    ef_construct: int = Field(
        default=100, ge=4, le=2000, description="candidates for those edges while it is built"
    )
    full_scan_threshold: int = Field(
        default=10_000, ge=10, le=10**9,
        description="kilobytes of vectors up to which all are compared",
    )  # fmt: skip
