"""Puts the answer cache together as the settings want it."""

from pathlib import Path
from typing import Any, Final

from qdrant_client import AsyncQdrantClient

from graph.gateways.answer_cache.cache import Memory, StoredAnswers, monotonic_flights
from graph.gateways.answer_cache.rows import KeptRows
from graph.gateways.answer_cache.served import ServedKnowledge
from graph.gateways.answer_cache.similar import SimilarQuestions
from graph.gateways.answer_cache.truth import Truth
from graph.gateways.postgres import LazyPool
from graph.ports import QueryEmbedder
from graph.settings import ReaderSettings
from kb_contract.identifiers import sha256_text

MEGABYTE: Final = 2**20
# All settings that an answer depends on: with others it would be another answer.
_RULES: Final = (
    "llm_profile", "planner", "unsupported_claims", "conflict_rule", "rerank_model", "embedding_model",
    "embedding_dimension",
)  # fmt: skip


def stored_answers(
    settings: ReaderSettings,
    ledger: LazyPool,
    ops: LazyPool,
    qdrant: AsyncQdrantClient,
    embedder: QueryEmbedder,
) -> StoredAnswers | None:
    """Make the cache; None where the settings want none."""
    if not (settings.result_cache_ttl and settings.answer_cache_size):
        return None
    workspace = settings.workspace_id
    model = f"{settings.embedding_model}/{settings.embedding_dimension or ''}".rstrip("/")
    similar = SimilarQuestions(qdrant, workspace, model)
    return StoredAnswers(
        rows=KeptRows(ops, workspace),
        truth=Truth(ServedKnowledge(ledger, workspace), embedder),
        embedder=embedder,
        rules=_rules(settings),
        flights=monotonic_flights(settings.answer_cache_wait),
        memory=Memory(settings.answer_memory_megabytes * MEGABYTE),
        similar=similar if settings.answer_cache_similar else None,
    )


def _rules(settings: ReaderSettings) -> dict[str, Any]:
    profiles = Path(settings.llm_profiles) if settings.llm_profiles else None
    own = (
        sha256_text(profiles.read_text(encoding="utf-8")) if profiles and profiles.is_file() else ""
    )
    return {**{name: getattr(settings, name) for name in _RULES}, "profiles": own}
