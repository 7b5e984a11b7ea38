"""The real store; after the next swap somebody else really does something to what is served."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qdrant_client import models

from dagster_kb.resources.vector_store import VectorStore
from kb_contract.index_settings import IndexSettings
from tests.doubles.writer_world import CountingStore

Fault = Callable[[VectorStore, str], None]
OTHER_GRAPH = IndexSettings(m=24)


@dataclass(frozen=True)
class FaultyStore(CountingStore):
    """Give it a fault; it comes once, right after the aliases moved."""

    faults: list[Fault] = field(default_factory=list)

    def point_aliases(self, aliases: Sequence[str], collection: str) -> None:
        super().point_aliases(aliases, collection)
        if self.faults:
            self.faults.pop()(self, collection)


def lose_points(store: VectorStore, collection: str) -> None:
    """All but one point are gone."""
    points = [one.chunk_id for one in VectorStore.points(store, collection, payloads=False)]
    store.delete(collection, points[1:])


def lose_the_collection(store: VectorStore, collection: str) -> None:
    """The collection is gone, and the aliases with it."""
    store.client.delete_collection(collection)


def turn_vectors_round(store: VectorStore, collection: str) -> None:
    """Five documents mean the opposite and have no words; count and payloads stay as they are."""
    points, _ = store.client.scroll(collection, limit=1000, with_payload=True, with_vectors=True)
    first = sorted(points, key=lambda one: (one.payload or {})["metadata"]["path"])[:5]
    for one in first:
        assert isinstance(one.vector, dict)
        dense: Any = one.vector["dense"]
        vector: Any = {"dense": [-part for part in dense]}
        turned = models.PointStruct(id=one.id, vector=vector, payload=one.payload)
        store.client.upsert(collection, [turned], wait=True)


def make_otherwise(store: VectorStore, collection: str) -> None:
    """The same points, stamp and names, and another graph, as on a Qdrant of other defaults."""
    there = store.describe(collection)
    assert there
    assert there.dimension
    names = [name for name, held in store.aliases().items() if held == collection]
    points, _ = store.client.scroll(collection, limit=1000, with_payload=True, with_vectors=True)
    store.recreate(collection, there.dimension, there.space or "", OTHER_GRAPH)
    same = [models.PointStruct.model_validate(one.model_dump(include={"id", "vector", "payload"}))
            for one in points]  # fmt: skip
    store.client.upsert(collection, same, wait=True)
    store.stamp(collection, there.stamp or "")
    if names:
        VectorStore.point_aliases(store, names, collection)


def steal_the_alias(store: VectorStore, collection: str) -> None:
    """Somebody moves the aliases back by hand."""
    names = [name for name, held in store.aliases().items() if held == collection]
    colour = "green" if collection.endswith("_blue") else "blue"
    VectorStore.point_aliases(store, names, f"{collection.rpartition('_')[0]}_{colour}")
