"""What the project relies on in Qdrant's collections: the same of our owner process, `:memory:` and the real server."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from qdrant_client import models

from tests.doubles.known_points import IS_REFUSED, ODD, POINTS, Backend

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


def test_a_collection_comes_and_goes(backend: Backend, new_collection: Callable[[], str]):
    name = new_collection()
    assert backend.client.collection_exists(name)
    assert name in {one.name for one in backend.client.get_collections().collections}
    info = backend.client.get_collection(name)
    assert isinstance(info.config.params.vectors, dict)
    assert info.config.params.vectors["dense"].size == 4
    assert info.config.params.vectors["dense"].distance == models.Distance.COSINE
    assert info.config.params.sparse_vectors
    assert info.config.params.sparse_vectors["sparse"].modifier == models.Modifier.IDF
    assert (info.status, info.points_count) == (models.CollectionStatus.GREEN, 0)
    with pytest.raises(IS_REFUSED):
        backend.client.create_collection(name, vectors_config={})
    assert backend.client.delete_collection(name)
    assert not backend.client.collection_exists(name)
    with pytest.raises(IS_REFUSED):
        backend.client.get_collection(name)
    with pytest.raises(IS_REFUSED):
        backend.client.count(name)


def test_payload_indexes_can_be_made(backend: Backend, filled: str):
    for field, kind in (("metadata.agent_id", "keyword"), ("tags", "keyword"), ("n", "integer")):
        backend.client.create_payload_index(filled, field, kind, wait=True)
    if backend.kind != "memory":  # it takes them and does without
        schema = backend.client.get_collection(filled).payload_schema
        assert {field: one.data_type for field, one in schema.items()} == {
            "metadata.agent_id": "keyword",
            "tags": "keyword",
            "n": "integer",
        }
    assert backend.client.count(filled, count_filter=ODD).count == POINTS // 2
    hits = backend.client.facet(filled, "tags", exact=True).hits
    assert {hit.value: hit.count for hit in hits} == {"all": 40, "mod0": 14, "mod1": 13, "mod2": 13}


def test_a_collection_has_metadata_of_ours(backend: Backend, new_collection: Callable[[], str]):
    name, client = new_collection(), backend.client

    def metadata() -> dict[str, Any]:
        return client.get_collection(name).config.metadata or {}

    assert metadata() == {}
    assert client.update_collection(name, metadata={"stamp": "one", "space": {"model": "m"}})
    assert client.update_collection(name, metadata={"stamp": "two"})
    assert metadata() == {"stamp": "two", "space": {"model": "m"}}
    if backend.kind != "memory":  # it keeps the null
        client.update_collection(name, metadata={"stamp": None})
        assert metadata() == {"space": {"model": "m"}}
    with pytest.raises(IS_REFUSED):
        client.update_collection(f"{name}_not_there", metadata={"stamp": "three"})
    assert client.count(name).count == 0


def test_scrolling_goes_by_id(backend: Backend, new_collection: Callable[[], str]):
    name = new_collection()
    ids = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(n))) for n in range(300)]
    vector = {"dense": [1.0, 0.0, 0.0, 0.0]}
    for batch in (ids[:100], ids[100:]):
        backend.client.upsert(
            name, [models.PointStruct(id=one, vector=vector) for one in batch], wait=True
        )
    seen: list[Any] = []
    offset: Any = None
    while True:
        points, offset = backend.client.scroll(name, limit=64, offset=offset)
        seen += [one.id for one in points]
        if offset is None:
            break
    assert seen == sorted(ids)
