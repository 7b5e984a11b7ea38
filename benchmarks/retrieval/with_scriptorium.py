"""Ours: the reader's own embedder and search, and the bare work that nobody can do without."""

import asyncio
import time
import warnings

from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient, models

from benchmarks.retrieval.collection import AGENT
from benchmarks.retrieval.protocol import WARM_UP, Place, Times, given, tell
from graph.gateways.knowledge_reader import utc_now
from graph.gateways.query_embedder import QuestionEmbedder
from graph.gateways.vector_search import VectorSearch
from graph.retrieval.hybrid import hybrid_requests
from graph.retrieval.rights import Rights
from graph.settings import ReaderSettings
from kb_contract.agent_manifest import RetrievalSettings
from kb_contract.asked_question import Question, aims
from kb_contract.payload import EVERYONE
from kb_contract.ranking import ranked, shortlist
from kb_contract.term_counts import TermCounts

# Made vectors are far from every question; none of them is to be too far.
HOW = RetrievalSettings(threshold=0.0)
UNCOUNTED = TermCounts(0, {})


async def measure(place: Place, questions: list[str]) -> list[Times]:
    """Time each question whole, then its two parts alone; the embedder forgets in between."""
    settings = ReaderSettings(database_url=SecretStr(""), qdrant_url=place.url)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Api key is used")
        qdrant = AsyncQdrantClient(url=place.url, api_key=place.api_key, check_compatibility=False)
    search, only = VectorSearch(qdrant), Rights((EVERYONE,), utc_now()).permitted(AGENT)
    whole, embedding, trip = [], [], []
    for number, question in enumerate(questions):
        took = (
            await _whole(settings, search, place, only, question),
            *await _parts(settings, qdrant, place, only, question),
        )
        if number >= WARM_UP:
            for times, one in zip((whole, embedding, trip), took, strict=True):
                times.append(one)
    await qdrant.close()
    name = "Scriptorium"
    return [
        Times(name, "question to ranked passages", whole),
        Times(name, "of it: the question's embedding, bare", embedding),
        Times(name, "of it: one round trip, bare", trip),
    ]


async def _whole(
    settings: ReaderSettings, search: VectorSearch, place: Place, only: models.Filter, question: str
) -> float:
    embedder = _embedder(settings)
    began = time.perf_counter()
    [read] = await embedder.read([question])
    asked = Question.of(question, read.words, UNCOUNTED)
    found = await search.candidates(place.collection, only, aims(read, asked, HOW.candidates))
    short = shortlist(asked, found, HOW.blend, HOW.candidates)
    found = ranked(asked, short, HOW.blend, threshold=HOW.found_from)
    took = (time.perf_counter() - began) * 1000
    assert found, question
    return took


async def _parts(
    settings: ReaderSettings, qdrant: AsyncQdrantClient, place: Place, only: models.Filter,
    question: str,
) -> tuple[float, float]:  # fmt: skip
    embedder = _embedder(settings)
    began = time.perf_counter()
    [read] = await embedder.read([question])
    embedded = time.perf_counter()
    asked_for = aims(read, Question.of(question, read.words, UNCOUNTED), HOW.candidates)
    requests = hybrid_requests(only, asked_for)
    asked = time.perf_counter()
    await qdrant.query_batch_points(place.collection, requests=requests)
    return (embedded - began) * 1000, (time.perf_counter() - asked) * 1000


def _embedder(settings: ReaderSettings) -> QuestionEmbedder:
    """One that remembers no question; the model itself is loaded once per process."""
    return QuestionEmbedder(
        settings.embedding_model, settings.embedding_threads, settings.embedding_backend,
        settings.embedding_cache.expanduser(),
    )  # fmt: skip


if __name__ == "__main__":
    place, questions, out = given()
    tell(out, asyncio.run(measure(place, questions)))
