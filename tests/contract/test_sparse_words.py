"""Words become the numbers that Qdrant's own `qdrant/bm25` makes of them: one space, whoever wrote it."""

from collections.abc import Callable

import pytest
from qdrant_client import models

from kb_contract.embedding_space import BM25_AVERAGE_LENGTH
from kb_contract.sparse_words import document_weights, question_weights
from tests.doubles.known_points import Backend

# Only the real server infers by itself; the others would ask the very library that we use.
pytestmark = pytest.mark.parametrize("backend", ["server"], indirect=True)
TEXTS = (
    "Signing keys are rotated every 90 days; the keys of a rotation are never re-used.",
    "The THE the running runners ran, generously and general: a generation.",
    "Der Käse hält sechs Wochen im Kühlschrank, größer als Äpfel; naïve cafés.",
    "retry_policy.max_attempts = 3  # SLO-99.95% (RFC 2119) kb-eval --no-refusals user@example.org",
    "Don't say it's the owner's: users\u2019 rights, don\u2019t they?",
    "東京の鍵は三十日ごとに交換されます。 Ключи меняют каждые 30 дней.",
    "word " * 400 + "tail",
)
QUESTIONS = ("How often are signing keys rotated?", "keys keys keys", "Kühlschrank naïve")


def inferred(text: str) -> models.Document:
    options = models.Bm25Config(avg_len=BM25_AVERAGE_LENGTH)
    return models.Document(text=text, model="qdrant/bm25", options=options)


def written(backend: Backend, name: str) -> list[models.SparseVector]:
    """Let the server make the vectors; the client, left to itself, might make them instead."""
    points = [
        models.PointStruct(id=number, vector={"sparse": inferred(text)})
        for number, text in enumerate(TEXTS)
    ]
    backend.client.http.points_api.upsert_points(
        name, wait=True, point_insert_operations=models.PointsList(points=points)
    )
    found = backend.client.retrieve(name, list(range(len(TEXTS))), with_vectors=True)
    vectors = {one.id: one.vector for one in found}
    made: list[models.SparseVector] = []
    for number in range(len(TEXTS)):
        vector = vectors[number]
        assert isinstance(vector, dict)
        sparse = vector["sparse"]
        assert isinstance(sparse, models.SparseVector)
        made.append(sparse)
    return made


def test_documents_weigh_what_qdrant_says(
    backend: Backend, new_collection: Callable[[], str]
) -> None:
    for text, theirs in zip(TEXTS, written(backend, new_collection()), strict=True):
        ours = document_weights(text)
        assert len(ours) > 1
        assert dict(zip(theirs.indices, theirs.values, strict=True)) == pytest.approx(
            ours, rel=1e-6
        )


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_find_what_qdrants_own_find(
    backend: Backend, new_collection: Callable[[], str], question: str
) -> None:
    name = new_collection()
    written(backend, name)
    ours = question_weights(question)
    vector = models.SparseVector(indices=list(ours), values=list(ours.values()))
    asked = [
        models.QueryRequest(query=models.NearestQuery(nearest=one), using="sparse", limit=10)
        for one in (inferred(question), vector)
    ]
    scores = [
        {point.id: point.score for point in answer.points}
        for one in asked
        if (answer := backend.client.http.search_api.query_points(name, query_request=one).result)
    ]
    assert scores[0] == pytest.approx(scores[1], rel=1e-6)
    assert scores[0]
