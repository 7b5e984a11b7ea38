"""What the project relies on in Qdrant, asked of our owner process, `:memory:` and the real server.

The expected answers are worked out here, by hand, so all three are held to the same arithmetic.
"""

import math
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from tests.doubles.qdrant_servers import NoServerProgram, running

POINTS = 40
IS_REFUSED = (UnexpectedResponse, ValueError)
pytestmark = [
    pytest.mark.filterwarnings("ignore:Payload indexes have no effect"),
    pytest.mark.filterwarnings("ignore:Exact search is always"),
]


@dataclass(frozen=True)
class Backend:
    kind: str
    client: QdrantClient


@pytest.fixture(scope="module", params=["owner", "memory", "server"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        client = QdrantClient(":memory:")
        yield Backend("memory", client)
        client.close()
        return
    try:
        with running(request.param) as server, server.client() as client:
            yield Backend(request.param, client)
    except NoServerProgram as why:
        pytest.skip(str(why))


@pytest.fixture
def new_collection(backend: Backend) -> Iterator[Callable[[], str]]:
    made: list[str] = []

    def make() -> str:
        name = f"contract_{uuid.uuid4().hex[:10]}"
        backend.client.create_collection(
            name,
            vectors_config={"dense": models.VectorParams(size=4, distance=models.Distance.COSINE)},
            sparse_vectors_config={
                "sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)
            },
        )
        made.append(name)
        return name

    yield make
    for name in made:
        backend.client.delete_collection(name)


@pytest.fixture
def filled(backend: Backend, new_collection: Callable[[], str]) -> str:
    name = new_collection()
    backend.client.upsert(name, [point(n) for n in range(POINTS)], wait=True)
    return name


def point_id(n: int) -> int | str:
    return n if n % 2 == 0 else str(uuid.uuid5(uuid.NAMESPACE_URL, str(n)))


def dense_of(n: float) -> list[float]:
    angle = n / POINTS * math.pi / 2
    return [math.cos(angle), math.sin(angle), 0.25, 0.0]


def sparse_of(n: int) -> dict[int, float]:
    """Term 1 is everywhere, term 2 in every fourth point, term 100+n in one."""
    return {1: 1.0, 100 + n: 2.0} | ({2: 0.5 + n / 100} if n % 4 == 0 else {})


def payload_of(n: int) -> dict[str, Any]:
    return {
        "n": n,
        "even": n % 2 == 0,
        "tags": ["all", f"mod{n % 3}"],
        "metadata": {"agent_id": f"agent_{n % 2}", "path": f"a/{n}.md"},
        "when": f"2026-01-{n % 28 + 1:02d}T00:00:00Z",
    } | ({"note": None if n % 5 == 0 else "text"} if n % 10 < 8 else {})


def point(n: int) -> models.PointStruct:
    sparse = sparse_of(n)
    vector = models.SparseVector(indices=list(sparse), values=list(sparse.values()))
    return models.PointStruct(
        id=point_id(n), vector={"dense": dense_of(n), "sparse": vector}, payload=payload_of(n)
    )


def cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / math.sqrt(sum(x * x for x in a)) / math.sqrt(sum(x * x for x in b))


def idf_score(query: dict[int, float], n: int) -> float:
    def idf(term: int) -> float:
        holders = sum(term in sparse_of(other) for other in range(POINTS))
        return math.log(1 + (POINTS - holders + 0.5) / (holders + 0.5))

    vector = sparse_of(n)
    return sum(weight * idf(t) * vector[t] for t, weight in query.items() if t in vector)


def ranked(scores: dict[int, float], limit: int) -> list[tuple[int, float]]:
    return sorted(scores.items(), key=lambda one: -one[1])[:limit]


def has(key: str, **match: Any) -> models.FieldCondition:
    kinds = {"value": models.MatchValue, "any": models.MatchAny, "except_": models.MatchExcept}
    kind = kinds[next(iter(match))]
    given = {"except": match["except_"]} if "except_" in match else match
    return models.FieldCondition(key=key, match=kind(**given))


def where(*must: Any, **other: Any) -> models.Filter:
    return models.Filter(must=list(must) or None, **other)


def numbers(points: list[Any]) -> list[int]:
    return [one.payload["n"] for one in points]


DENSE_QUERY = dense_of(13)
SPARSE_QUERY = {2: 1.0, 108: 1.0}
ODD = where(has("metadata.agent_id", value="agent_1"))


def sparse_query() -> models.SparseVector:
    return models.SparseVector(indices=list(SPARSE_QUERY), values=list(SPARSE_QUERY.values()))


# collections


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


# points


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


# filters


FILTERS: list[tuple[str, models.Filter, Callable[[int], bool]]] = [
    ("value", where(has("metadata.agent_id", value="agent_1")), lambda n: n % 2 == 1),
    ("integer", where(has("n", value=7)), lambda n: n == 7),
    ("true", where(has("even", value=True)), lambda n: n % 2 == 0),
    ("false", where(has("even", value=False)), lambda n: n % 2 == 1),
    ("true is not 1", where(has("n", value=True)), lambda _: False),
    ("any of", where(has("tags", any=["mod0", "mod1"])), lambda n: n % 3 < 2),
    ("any of nothing", where(has("tags", any=[])), lambda _: False),
    ("none of", where(has("n", except_=[1, 2])), lambda n: n not in {1, 2}),
    ("both", where(has("even", value=True), has("tags", value="mod0")), lambda n: n % 6 == 0),
    ("either", where(should=[has("n", value=1), has("n", value=2)]), lambda n: n in {1, 2}),
    ("not", where(must_not=[has("even", value=True)]), lambda n: n % 2 == 1),
    ("all three",
     where(has("even", value=True), should=[has("n", any=[2, 3, 4])], must_not=[has("n", value=4)]),
     lambda n: n == 2),
    ("filter in filter", where(where(should=[has("n", value=1), has("n", value=9)])), lambda n: n in {1, 9}),
    ("range", where(models.FieldCondition(key="n", range=models.Range(gte=5, lt=9))), lambda n: 5 <= n < 9),
    ("times",
     where(models.FieldCondition(key="when", range=models.DatetimeRange(gt="2026-01-27T00:00:00Z"))),
     lambda n: n % 28 == 27),
    ("ids", where(models.HasIdCondition(has_id=[2, point_id(3), 10**15])), lambda n: n in {2, 3}),
    ("empty", where(models.IsEmptyCondition(is_empty=models.PayloadField(key="note"))),
     lambda n: n % 10 >= 8 or n % 5 == 0),
    ("null", where(models.IsNullCondition(is_null=models.PayloadField(key="note"))),
     lambda n: n % 10 < 8 and n % 5 == 0),
    ("everything", where(), lambda _: True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "passes"), [pytest.param(*one[1:], id=one[0]) for one in FILTERS]
)
def test_filters(
    backend: Backend, filled: str, wanted: models.Filter, passes: Callable[[int], bool]
):
    points, _ = backend.client.scroll(filled, wanted, limit=POINTS)
    assert sorted(numbers(points)) == [n for n in range(POINTS) if passes(n)]
    assert backend.client.count(filled, count_filter=wanted).count == len(points)


# queries


def test_dense_query(backend: Backend, filled: str):
    scores = {n: cosine(DENSE_QUERY, dense_of(n)) for n in range(1, POINTS, 2)}
    found = backend.client.query_points(
        filled, DENSE_QUERY, using="dense", query_filter=ODD, limit=5, with_payload=True
    ).points
    assert set(numbers(found)) == {n for n, _ in ranked(scores, 5)}
    assert [one.score for one in found] == pytest.approx(
        [s for _, s in ranked(scores, 5)], abs=1e-5
    )
    rest = backend.client.query_points(
        filled, DENSE_QUERY, using="dense", query_filter=ODD, limit=3, offset=2, with_payload=False
    ).points
    assert [one.id for one in rest] == [one.id for one in found[2:]]
    assert rest[0].payload is None


def test_score_threshold(backend: Backend, filled: str):
    least = cosine(DENSE_QUERY, dense_of(16)) - 1e-4
    found = backend.client.query_points(
        filled, DENSE_QUERY, using="dense", limit=POINTS, score_threshold=least, with_payload=True
    ).points
    assert sorted(numbers(found)) == [10, 11, 12, 13, 14, 15, 16]


def test_sparse_query_counts_how_rare_a_word_is(backend: Backend, filled: str):
    even = where(has("even", value=True))
    scores = {n: idf_score(SPARSE_QUERY, n) for n in range(0, POINTS, 4)}
    found = backend.client.query_points(
        filled, sparse_query(), using="sparse", query_filter=even, limit=4, with_payload=True
    ).points
    assert numbers(found) == [n for n, _ in ranked(scores, 4)]
    assert [one.score for one in found] == pytest.approx(
        [s for _, s in ranked(scores, 4)], rel=1e-4
    )
    nothing = models.SparseVector(indices=[999_999], values=[1.0])
    assert backend.client.query_points(filled, nothing, using="sparse").points == []


@pytest.mark.parametrize("k", [None, 60])
def test_hybrid_query_fuses_ranks(backend: Backend, filled: str, k: int | None):
    even = where(has("even", value=True))
    dense = ranked({n: cosine(dense_of(10.3), dense_of(n)) for n in range(0, POINTS, 2)}, 8)
    sparse = ranked({n: idf_score(SPARSE_QUERY, n) for n in range(0, POINTS, 4)}, 8)
    expected: dict[int, float] = {}
    for lane in (dense, sparse):
        for rank, (n, _) in enumerate(lane):
            expected[n] = expected.get(n, 0) + 1 / ((k or 2) + rank)
    fusion = (
        models.RrfQuery(rrf=models.Rrf(k=k)) if k else models.FusionQuery(fusion=models.Fusion.RRF)
    )
    found = backend.client.query_points(
        filled,
        prefetch=[
            models.Prefetch(query=dense_of(10.3), using="dense", limit=8, filter=even),
            models.Prefetch(query=sparse_query(), using="sparse", limit=8, filter=even),
        ],
        query=fusion,
        limit=6,
        with_payload=["n"],
    ).points
    assert [one.score for one in found] == pytest.approx(
        [s for _, s in ranked(expected, 6)], rel=1e-4
    )
    assert [one.score for one in found] == pytest.approx(
        [expected[n] for n in numbers(found)], rel=1e-4
    )


def test_several_queries_in_one_request(backend: Backend, filled: str):
    wanted = [
        models.QueryRequest(query=dense_of(n), using="dense", limit=1, with_payload=True)
        for n in (3, 30)
    ]
    answers = backend.client.query_batch_points(filled, wanted)
    assert [numbers(answer.points) for answer in answers] == [[3], [30]]


@pytest.mark.parametrize(("vector", "using"), [([1.0], "dense"), ([1.0] * 4, "other")])
def test_a_query_that_does_not_fit_is_refused(
    backend: Backend, filled: str, vector: Any, using: str
):
    with pytest.raises(IS_REFUSED):
        backend.client.query_points(filled, vector, using=using)


# aliases


def create_alias(collection: str, alias: str) -> models.CreateAliasOperation:
    return models.CreateAliasOperation(
        create_alias=models.CreateAlias(collection_name=collection, alias_name=alias)
    )


def delete_alias(alias: str) -> models.DeleteAliasOperation:
    return models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))


def aliases_of(backend: Backend, *collections: str) -> dict[str, str]:
    listed = backend.client.get_aliases().aliases
    return {
        one.alias_name: one.collection_name for one in listed if one.collection_name in collections
    }


def test_aliases_move(backend: Backend, filled: str, new_collection: Callable[[], str]):
    client, empty = backend.client, new_collection()
    short, long = f"{filled}_alias", f"{filled}_production"
    client.update_collection_aliases([create_alias(filled, long), create_alias(filled, short)])
    assert aliases_of(backend, filled, empty) == {short: filled, long: filled}
    listed = client.get_collection_aliases(filled).aliases
    assert {one.alias_name for one in listed} == {short, long}
    assert client.collection_exists(short)
    assert client.count(long).count == POINTS
    found = client.query_points(long, dense_of(9), using="dense", limit=1, with_payload=True).points
    assert numbers(found) == [9]
    client.update_collection_aliases([create_alias(empty, long)])
    assert aliases_of(backend, filled, empty) == {short: filled, long: empty}
    assert (client.count(long).count, client.count(short).count) == (0, POINTS)
    client.update_collection_aliases([delete_alias(long), create_alias(empty, short)])
    assert aliases_of(backend, filled, empty) == {short: empty}


def test_an_alias_to_nothing_is_refused(backend: Backend):
    with pytest.raises(IS_REFUSED):
        backend.client.update_collection_aliases([create_alias("nothing_here", "some_alias")])
    assert aliases_of(backend, "nothing_here") == {}


def test_an_alias_cannot_be_named_like_a_collection(
    backend: Backend, filled: str, new_collection: Callable[[], str]
):
    other = new_collection()
    with pytest.raises(IS_REFUSED):
        backend.client.update_collection_aliases([create_alias(filled, other)])
    assert aliases_of(backend, filled) == {}


def test_aliases_go_with_their_collection(backend: Backend, new_collection: Callable[[], str]):
    name = new_collection()
    backend.client.update_collection_aliases([create_alias(name, f"{name}_alias")])
    backend.client.delete_collection(name)
    assert aliases_of(backend, name) == {}
    with pytest.raises(IS_REFUSED):
        backend.client.count(f"{name}_alias")


def test_what_is_left_when_the_second_action_fails(backend: Backend, filled: str):
    """Why a swap is one CreateAlias: the real server has already forgotten the old alias."""
    alias = f"{filled}_alias"
    backend.client.update_collection_aliases([create_alias(filled, alias)])
    with pytest.raises(IS_REFUSED):
        backend.client.update_collection_aliases(
            [delete_alias(alias), create_alias("nothing_here", alias)]
        )
    kept = {} if backend.kind == "server" else {alias: filled}
    assert aliases_of(backend, filled) == kept
