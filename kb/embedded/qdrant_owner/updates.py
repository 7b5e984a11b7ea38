"""Writing requests: points and payloads. Each becomes one operation of the engine."""

from typing import Any

import qdrant_edge
from pydantic import Field, model_validator

from kb.embedded.qdrant_owner import vectors
from kb.embedded.qdrant_owner.filters import Filter
from kb.embedded.qdrant_owner.forms import Form, Payload, PointId, PointIds, Unsupported
from kb.embedded.qdrant_owner.vectors import VectorNames

Operation = qdrant_edge.UpdateOperation


class Point(Form):
    """One point."""

    id: PointId
    vector: dict[str, vectors.OneVector]
    payload: Payload | None = None

    def to_engine(self, names: VectorNames) -> qdrant_edge.Point:
        for name, vector in self.vector.items():
            names.check(name, vector)
        named: Any = {name: vectors.to_engine(one) for name, one in self.vector.items()}
        return qdrant_edge.Point(self.id, named, self.payload)


class Upsert(Form):
    """Body of `PUT points`."""

    points: list[Point] = Field(min_length=1)
    batch: Unsupported = None
    update_filter: Unsupported = None
    update_mode: Unsupported = None
    shard_key: Unsupported = None

    def to_engine(self, names: VectorNames) -> Operation:
        return Operation.upsert_points([point.to_engine(names) for point in self.points])


class Selector(Form):
    """Which points: these, or those that pass a filter."""

    points: PointIds | None = None
    filter: Filter | None = None
    shard_key: Unsupported = None

    @model_validator(mode="after")
    def _one_way(self) -> "Selector":
        if (self.points is None) == (self.filter is None):
            raise ValueError("give either `points` or `filter`")
        return self


class Delete(Selector):
    """Body of `points/delete`."""

    def to_engine(self, _names: VectorNames) -> Operation:
        if self.filter is not None:
            return Operation.delete_points_by_filter(self.filter.to_engine())
        return Operation.delete_points(list(self.points or ()))


class SetPayload(Selector):
    """Body of `POST points/payload`: merge these fields in."""

    payload: Payload
    key: str | None = None

    def to_engine(self, _names: VectorNames) -> Operation:
        if self.filter is not None:
            wanted = self.filter.to_engine()
            return Operation.set_payload_by_filter(wanted, self.payload, self.key)
        return Operation.set_payload(list(self.points or ()), self.payload, self.key)


class OverwritePayload(Selector):
    """Body of `PUT points/payload`: these fields and no other."""

    payload: Payload
    key: Unsupported = None

    def to_engine(self, _names: VectorNames) -> Operation:
        if self.filter is not None:
            wanted = self.filter.to_engine()
            return Operation.overwrite_payload_by_filter(wanted, self.payload)
        return Operation.overwrite_payload(list(self.points or ()), self.payload)


class DeletePayload(Selector):
    """Body of `points/payload/delete`."""

    keys: list[str]

    def to_engine(self, _names: VectorNames) -> Operation:
        if self.filter is not None:
            return Operation.delete_payload_by_filter(self.filter.to_engine(), self.keys)
        return Operation.delete_payload(list(self.points or ()), self.keys)


Update = Upsert | Delete | SetPayload | OverwritePayload | DeletePayload


class BatchStep(Form):
    """One operation of `points/batch`."""

    upsert: Upsert | None = None
    delete: Delete | None = None
    set_payload: SetPayload | None = None
    overwrite_payload: OverwritePayload | None = None
    delete_payload: DeletePayload | None = None
    clear_payload: Unsupported = None
    update_vectors: Unsupported = None
    delete_vectors: Unsupported = None

    def chosen(self) -> Update:
        given = (
            self.upsert,
            self.delete,
            self.set_payload,
            self.overwrite_payload,
            self.delete_payload,
        )
        return next(step for step in given if step is not None)

    @model_validator(mode="after")
    def _one_step(self) -> "BatchStep":
        if len(self.model_fields_set) != 1:
            raise ValueError("an operation has exactly one key")
        return self


class Batch(Form):
    """Body of `points/batch`."""

    operations: list[BatchStep]
