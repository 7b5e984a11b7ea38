"""Points lie in both Qdrants as they were written: every number, every word, every payload."""

import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client.http.exceptions import UnexpectedResponse

from dagster_kb.resources.vector_store import Point, VectorStore
from kb_contract.identifiers import sha256_json, sha256_text
from kb_contract.payload import ChunkMetadata, ChunkPayload
from kb_contract.sparse_words import document_weights
from tests.doubles.qdrant_servers import running

DIMENSION, COLLECTION = 384, "as-written"
TEXTS = ("The pump stands still.", 'Quotes " and \\ and \u2028, 😀 and 汉字.', "12 of the.")


@pytest.fixture(params=["owner", "server"])
def store(request: pytest.FixtureRequest) -> Iterator[VectorStore]:
    with running(request.param) as server:
        store = VectorStore(server.url)
        store.recreate(COLLECTION, DIMENSION)
        yield store
        store.client.close()


def point(text: str, number: int, size: int = DIMENSION) -> Point:
    vector = np.random.default_rng(number).normal(size=size)
    told = ChunkMetadata(
        title=text, agent_id="a", workspace_id="default", document_id=str(uuid.uuid4()),
        path="a/b.md", ordinal=number, start=0, end=len(text), text_sha256=sha256_text(text),
        tags=("one", text), extra={"of": {"its": ["own", None]}},
    )  # fmt: skip
    dense = (vector / np.linalg.norm(vector)).astype(np.float32)
    return Point(str(uuid.uuid4()), ChunkPayload(text_chunk=text, metadata=told), dense, text)


def test_every_number_word_and_payload_is_there(store: VectorStore):
    points = {one.chunk_id: one for one in (point(text, n) for n, text in enumerate(TEXTS))}
    store.write(COLLECTION, list(points.values()))
    found = store.client.retrieve(COLLECTION, list(points), with_payload=True, with_vectors=True)
    assert {str(one.id) for one in found} == set(points)
    for one in found:
        written, vector = points[str(one.id)], one.vector
        assert isinstance(vector, dict)
        dense, words = vector["dense"], vector["sparse"]
        # The store brings a vector to the length 1 once more: the last bit may differ.
        assert np.allclose(np.asarray(dense, dtype=np.float32), written.dense, rtol=1e-6, atol=1e-8)
        assert sha256_json(one.payload) == written.payload.digest()
        assert found_words(words) == pytest.approx(document_weights(written.words))


def test_what_the_store_refuses_is_an_error_that_says_why(store: VectorStore):
    with pytest.raises(UnexpectedResponse, match="dim"):
        store.write(COLLECTION, [point("short", 1, size=3)])


def found_words(sparse: Any) -> dict[int, float]:
    return dict(zip(sparse.indices, sparse.values, strict=True))
