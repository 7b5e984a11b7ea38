"""What the project relies on in Qdrant's points: the same of our owner process, `:memory:` and the real server."""

import math
import uuid
from typing import Any

import pytest
from qdrant_client import models

from tests.doubles.known_points import (
    IS_REFUSED,
    ODD,
    POINTS,
    Backend,
    dense_of,
    has,
    numbers,
    payload_of,
    point,
    point_id,
    sparse_of,
    where,
)


def test_writing_again_changes_nothing(backend: Backend, filled: str):
    backend.client.upsert(filled, [point(n) for n in range(POINTS)], wait=True)
    assert backend.client.count(filled, exact=True).count == POINTS
    assert backend.client.get_collection(filled).points_count == POINTS
    again = [*range(10), *range(POINTS, POINTS + 3)]
    backend.client.upsert(filled, [point(n) for n in again], wait=True)
    assert backend.client.count(filled, exact=True).count == POINTS + 3


def test_points_are_read_back_as_written(backend: Backend, filled: str):
    wanted = [point_id(7), point_id(8), 10**15, str(uuid.uuid4())]
    found = {one.id: one for one in backend.client.retrieve(filled, wanted, with_vectors=True)}
    assert set(found) == {point_id(7), point_id(8)}
    one = found[point_id(8)]
    assert one.payload == payload_of(8)
    assert isinstance(one.vector, dict)
    length = math.sqrt(sum(x * x for x in dense_of(8)))
    assert one.vector["dense"] == pytest.approx([x / length for x in dense_of(8)], abs=1e-6)
    sparse = one.vector["sparse"]
    assert isinstance(sparse, models.SparseVector)
    assert dict(zip(sparse.indices, sparse.values, strict=True)) == pytest.approx(sparse_of(8))
    (named,) = backend.client.retrieve(filled, [8], with_payload=False, with_vectors=["dense"])
    assert not named.payload
    assert isinstance(named.vector, dict)
    assert list(named.vector) == ["dense"]


@pytest.mark.parametrize(
    ("selector", "left"),
    [
        (True, payload_of(8)),
        (False, None),
        (["n", "metadata.path"], {"n": 8, "metadata": {"path": "a/8.md"}}),
        (models.PayloadSelectorInclude(include=["n"]), {"n": 8}),
        (
            models.PayloadSelectorExclude(
                exclude=["even", "tags", "when", "note", "metadata.path"]
            ),
            {"n": 8, "metadata": {"agent_id": "agent_0"}},
        ),
    ],
)
def test_part_of_a_payload(backend: Backend, filled: str, selector: Any, left: Any):
    (one,) = backend.client.retrieve(filled, [8], with_payload=selector)
    assert one.payload == left
    ((scrolled,), _) = backend.client.scroll(
        filled, where(has("n", value=8)), limit=5, with_payload=selector
    )
    assert scrolled.payload == left


def test_scrolling_sees_every_point_once(backend: Backend, filled: str):
    seen: list[int] = []
    offset, pages = None, 0
    while True:
        points, offset = backend.client.scroll(filled, ODD, limit=6, offset=offset)
        seen, pages = seen + numbers(points), pages + 1
        if offset is None:
            break
    assert sorted(seen) == list(range(1, POINTS, 2))
    assert pages == 4


def test_points_are_deleted_by_id_and_by_filter(backend: Backend, filled: str):
    backend.client.delete(filled, [point_id(1), point_id(2), 10**15], wait=True)
    assert backend.client.count(filled).count == POINTS - 2
    backend.client.delete(filled, models.FilterSelector(filter=ODD), wait=True)
    assert backend.client.count(filled).count == POINTS // 2 - 1
    assert backend.client.count(filled, count_filter=ODD).count == 0


def test_payloads_are_changed(backend: Backend, filled: str):
    client = backend.client
    client.set_payload(filled, {"state": "new"}, points=[point_id(3), point_id(4)], wait=True)
    client.set_payload(filled, {"state": "old"}, points=where(has("n", any=[4, 5])), wait=True)
    client.overwrite_payload(filled, {"n": 6}, points=[6], wait=True)
    client.delete_payload(filled, ["tags"], points=[point_id(5)], wait=True)
    found = client.retrieve(filled, [point_id(n) for n in (3, 4, 5, 6)])
    changed = {one.payload["n"]: one.payload for one in found if one.payload}
    assert changed[3] == payload_of(3) | {"state": "new"}
    assert changed[4] == payload_of(4) | {"state": "old"}
    assert changed[5] == {k: v for k, v in payload_of(5).items() if k != "tags"} | {"state": "old"}
    assert changed[6] == {"n": 6}


def test_several_updates_in_one_request(backend: Backend, filled: str):
    backend.client.batch_update_points(
        filled,
        [
            models.UpsertOperation(upsert=models.PointsList(points=[point(POINTS)])),
            models.DeleteOperation(delete=models.PointIdsList(points=[0, 2])),
            models.SetPayloadOperation(
                set_payload=models.SetPayload(payload={"state": "new"}, points=[POINTS])
            ),
        ],
        wait=True,
    )
    assert backend.client.count(filled).count == POINTS - 1
    (one,) = backend.client.retrieve(filled, [POINTS])
    assert one.payload == payload_of(POINTS) | {"state": "new"}


@pytest.mark.parametrize(
    "vector", [{"dense": [1.0, 0.0]}, {"other": [1.0, 0.0, 0.0, 0.0]}], ids=["dimension", "name"]
)
def test_a_vector_that_does_not_fit_is_refused(backend: Backend, filled: str, vector: Any):
    with pytest.raises(IS_REFUSED):
        backend.client.upsert(filled, [models.PointStruct(id=999, vector=vector)], wait=True)
    assert backend.client.retrieve(filled, [999]) == []
