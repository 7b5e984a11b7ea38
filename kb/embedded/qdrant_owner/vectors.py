"""Vectors on their way in and out: named dense ones and named sparse ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import qdrant_edge
from pydantic import Field, model_validator

from kb.embedded.qdrant_owner.forms import Form
from kb.embedded.qdrant_owner.refusals import bad_request


class SparseVector(Form):
    """`{"indices": […], "values": […]}`."""

    indices: list[Annotated[int, Field(ge=0, lt=2**32)]]
    values: list[float]

    @model_validator(mode="after")
    def _pairs(self) -> "SparseVector":
        if len(self.indices) != len(self.values):
            raise ValueError("values must be the same length as indices")
        if len(set(self.indices)) != len(self.indices):
            raise ValueError("indices must be unique")
        return self

    def to_engine(self) -> qdrant_edge.SparseVector:
        return qdrant_edge.SparseVector(indices=self.indices, values=self.values)


# A dense vector is by far the longest thing that we read, so it is tried first.
OneVector = Annotated[list[float] | SparseVector, Field(union_mode="left_to_right")]


@dataclass(frozen=True)
class VectorNames:
    """What vectors a collection has; checked before the engine sees a batch.

    The engine stops in the middle of a batch that it does not like and keeps the first part.
    """

    dense: Mapping[str, int]
    sparse: frozenset[str]

    def check(self, name: str, vector: list[float] | SparseVector) -> None:
        """Refuse a vector that the collection has no place for."""
        is_sparse = isinstance(vector, SparseVector)
        if name not in (self.sparse if is_sparse else self.dense):
            raise bad_request(f"Wrong input: Not existing vector name error: {name}")
        if not is_sparse and len(vector) != self.dense[name]:
            raise bad_request(
                "Wrong input: Vector dimension error: "
                f"expected dim: {self.dense[name]}, got {len(vector)}"
            )


def to_engine(vector: list[float] | SparseVector) -> list[float] | qdrant_edge.SparseVector:
    """Hand one vector to the engine."""
    return vector.to_engine() if isinstance(vector, SparseVector) else vector


def from_engine(vectors: Any) -> dict[str, Any]:
    """Write the named vectors of a point as JSON."""
    return {
        name: {"indices": one.indices, "values": one.values}
        if isinstance(one, qdrant_edge.SparseVector)
        else one
        for name, one in vectors.items()
    }
