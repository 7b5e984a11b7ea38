"""The filter of rights, asked of our owner process, `:memory:` and the real server alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from qdrant_client import QdrantClient, models

from graph.retrieval.hybrid import hybrid_requests
from graph.retrieval.rights import Rights
from kb_contract.asked_question import Aim
from kb_contract.payload import DENSE, INDEXED_FIELDS, SPARSE
from tests.doubles.qdrant_servers import running

NOW = datetime(2026, 6, 15, 12, 0, 0, 250_000, tzinfo=UTC)
NAME = "rights"
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


def at(**later: float) -> str:
    return (NOW + timedelta(**later)).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Case:
    """What a point carries, and for whom of (nobody's groups, hr, hr and legal) it is there."""

    about: str
    metadata: dict[str, Any]
    seen: tuple[bool, bool, bool]


ALL, NONE, HR, LEGAL = (True,) * 3, (False,) * 3, (False, True, True), (False, False, True)
CASES = [
    Case("for everyone, always", {}, ALL),
    Case("for hr", {"audience": ["hr"]}, HR),
    Case("for legal", {"audience": ["legal"]}, LEGAL),
    Case("for hr or legal", {"audience": ["hr", "legal"]}, HR),
    Case("for hr and everyone", {"audience": ["hr", "everyone"]}, ALL),
    Case("for nobody", {"audience": []}, NONE),
    Case("says no audience", {"audience": None}, NONE),
    Case("effective now", {"effective": at()}, ALL),
    Case("effective in a millisecond", {"effective": at(milliseconds=1)}, NONE),
    Case("effective long ago, in whole seconds", {"effective": "2001-01-01T00:00:00Z"}, ALL),
    Case("effective long ago, another zone", {"effective": "2026-06-15T13:00:00+02:00"}, ALL),
    Case("effective tomorrow", {"effective": at(days=1)}, NONE),
    Case("expires now", {"expires": at()}, NONE),
    Case("expires in a millisecond", {"expires": at(milliseconds=1)}, ALL),
    Case("expired", {"expires": at(days=-1)}, NONE),
    Case("expires far away", {"expires": "9999-12-31T00:00:00Z"}, ALL),
    Case("holds now", {"effective": at(days=-1), "expires": at(days=1)}, ALL),
    Case("held", {"effective": at(days=-2), "expires": at(days=-1)}, NONE),
    Case("for hr, holds now", {"audience": ["hr"], "expires": at(days=1)}, HR),
    Case("for hr, expired", {"audience": ["hr"], "expires": at(seconds=-1)}, NONE),
    Case("another agent's", {"agent_id": "b"}, NONE),
    Case("a draft", {"status": "draft"}, NONE),
]


@pytest.fixture(scope="module", params=["owner", "memory", "server"])
def client(request: pytest.FixtureRequest) -> Iterator[QdrantClient]:
    if request.param == "memory":
        client = QdrantClient(":memory:")
        _fill(client)
        yield client
        client.close()
        return
    with running(request.param) as server, server.client() as client:
        _fill(client)
        yield client


def _fill(client: QdrantClient) -> None:
    client.create_collection(
        NAME,
        vectors_config={DENSE: models.VectorParams(size=2, distance=models.Distance.COSINE)},
        sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    plain = {"agent_id": "a", "status": "published", "audience": ["everyone"], "effective": None,
             "expires": None}  # fmt: skip
    vector = {DENSE: [1.0, 0.0], SPARSE: models.SparseVector(indices=[1], values=[1.0])}
    client.upsert(
        NAME,
        [models.PointStruct(id=number, vector=vector, payload={"metadata": {**plain, **one.metadata}})
         for number, one in enumerate(CASES)],
        wait=True,
    )  # fmt: skip
    for field, kind in INDEXED_FIELDS:
        client.create_payload_index(NAME, field, kind, wait=True)


@pytest.mark.parametrize(
    ("column", "groups"),
    list(enumerate([(), ("hr",), ("hr", "legal")])),
    ids=["nobody's", "hr", "both"],
)
def test_a_caller_finds_what_is_for_him_and_holds_now(
    client: QdrantClient, column: int, groups: tuple[str, ...]
):
    only = Rights(("everyone", *groups), NOW).permitted("a")
    wanted = {one.about for one in CASES if one.seen[column]}

    points, _ = client.scroll(NAME, only, limit=100)
    assert {CASES[int(one.id)].about for one in points} == wanted
    assert client.count(NAME, count_filter=only).count == len(wanted)

    asked = [Aim([1.0, 0.0], {1: 1.0}, 100), Aim([0.0, 1.0], {1: 1.0}, 100)]
    for answer in client.query_batch_points(NAME, hybrid_requests(only, asked)):
        assert {CASES[int(one.id)].about for one in answer.points} == wanted
    [near] = client.query_points(NAME, [1.0, 0.0], using=DENSE, query_filter=only, limit=1).points
    assert CASES[int(near.id)].about in wanted


def test_time_alone_takes_a_document_out(client: QdrantClient):
    def found(moment: datetime) -> set[str]:
        points, _ = client.scroll(NAME, Rights(("everyone",), moment).permitted("a"), limit=100)
        return {CASES[int(one.id)].about for one in points}

    assert "holds now" not in found(NOW - timedelta(days=2))
    assert "holds now" in found(NOW)
    assert "holds now" not in found(NOW + timedelta(days=1))
    assert "effective tomorrow" in found(NOW + timedelta(days=1))
