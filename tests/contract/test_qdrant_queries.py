"""What the project relies on in Qdrant's filters and queries: the same of our owner process, `:memory:` and the real server.

The expected answers are worked out here, by hand, so all three are held to the same arithmetic.
"""

from collections.abc import Callable
from typing import Any

import pytest
from qdrant_client import models

from tests.doubles.known_points import (
    DENSE_QUERY,
    IS_REFUSED,
    ODD,
    POINTS,
    SPARSE_QUERY,
    Backend,
    cosine,
    dense_of,
    has,
    idf_score,
    numbers,
    point_id,
    ranked,
    sparse_query,
    where,
)

pytestmark = pytest.mark.filterwarnings("ignore:Exact search is always")


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
