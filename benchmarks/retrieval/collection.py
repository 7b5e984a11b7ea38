"""A collection of pages that nobody wrote, as the writer makes collections; only its size matters.

Vectors are made of the words by a hash, not by the model: a search takes as long, and the
collection is there in a minute.
"""

import random
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np

from benchmarks.ingest import VOCABULARY
from benchmarks.retrieval.protocol import Place
from dagster_kb.resources.vector_store import BATCH, Point, VectorStore, batches
from kb_contract.embedding_space import BM25_AVERAGE_LENGTH
from kb_contract.identifiers import chunk_id, sha256_text
from kb_contract.payload import DENSE, EVERYONE, SPARSE, ChunkMetadata, ChunkPayload

AGENT = "bench"
COLLECTION = "bench_retrieval"
DIMENSION = 384
SEED = 11
WORDS_IN_A_CHUNK = 120
CHUNKS_IN_A_DOCUMENT = 12
TOPICS = 200


def filled(store: VectorStore, chunks: int) -> Place:
    """Write the points in batches, as the writer does."""
    store.recreate(COLLECTION, DIMENSION)
    for batch in batches(list(_points(chunks)), BATCH):
        store.write(COLLECTION, batch)
    return Place(
        url=store.url, api_key=store.api_key, collection=COLLECTION, dense=DENSE, sparse=SPARSE,
        text="text_chunk", metadata="metadata", average_length=BM25_AVERAGE_LENGTH,
    )  # fmt: skip


def questions(count: int) -> list[str]:
    """Questions of the pages' own words, no two alike."""
    dice = random.Random(SEED + 1)  # noqa: S311
    words = VOCABULARY.split()
    made = (f"how is the {' '.join(dice.sample(words, 5))} done" for _ in range(4 * count))
    return list(dict.fromkeys(made))[:count]


def _points(chunks: int) -> Iterator[Point]:
    dice, noise = random.Random(SEED), np.random.default_rng(SEED)  # noqa: S311
    words, topics = VOCABULARY.split(), noise.normal(size=(TOPICS, DIMENSION))
    for number in range(chunks):
        text = " ".join(dice.choices(words, k=WORDS_IN_A_CHUNK)).capitalize() + "."
        vector = topics[number % TOPICS] + 0.8 * noise.normal(size=DIMENSION)
        dense = (vector / np.linalg.norm(vector)).astype(np.float32)
        yield Point(_id(number, text), _payload(number, text), dense, text)


def _id(number: int, text: str) -> str:
    path = f"page-{number // CHUNKS_IN_A_DOCUMENT}.md"
    return str(chunk_id("default", AGENT, path, (), number, sha256_text(text)))


def _payload(number: int, text: str) -> ChunkPayload:
    document = number // CHUNKS_IN_A_DOCUMENT
    return ChunkPayload(
        text_chunk=text,
        metadata=ChunkMetadata(
            title=f"Machine {document}", version=None, status="published", agent_id=AGENT, tags=(),
            purpose=None, workspace_id="default", document_id=f"document-{document}",
            path=f"knowledge/{AGENT}/page-{document}.md", heading_path=("Part",), ordinal=number,
            start=0, end=len(text), text_sha256=sha256_text(text), page=None, audience=(EVERYONE,),
            effective=None, expires=None, extra={},
        ),
    )  # fmt: skip


def described(place: Place) -> dict[str, object]:
    return asdict(place)
