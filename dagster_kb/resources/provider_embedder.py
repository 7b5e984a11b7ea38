"""Embeddings by a provider: asked from a thread of its own, a few requests at once, paid by the run at work."""

import asyncio
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.resources.embedder import Reading, ReadText, Vectors
from dagster_kb.resources.loop_thread import LoopThread
from dagster_kb.resources.vector_books import VectorBooks
from kb_contract.chat_models.breaker import BreakerChange
from kb_contract.chat_models.by_api import name_by_api
from kb_contract.chat_models.profiles import Deployment
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.provider_embeddings.deployments import deployment_of, price_of
from kb_contract.provider_embeddings.patience import Patience
from kb_contract.provider_embeddings.provider import REQUESTS_AT_ONCE, EmbeddingProvider
from kb_contract.provider_embeddings.purposes import Purpose
from kb_contract.provider_embeddings.spaces import most_tokens, provider_space, texts_in_a_request
from kb_contract.provider_embeddings.tokens import ENCODING, usual_counter
from kb_contract.sentence_models.word_vectors import NO_WORDS

LONGEST_REQUEST: Final = 60.0
# A run may wait for minutes for a provider that is busy; then Dagster tries the step again.
PATIENCE: Final = Patience(tries=6, longest=60.0, in_all=600.0)


@dataclass(eq=False)
class ProviderEmbedder:
    """Makes vectors with a model that litellm knows; nothing is loaded or asked before it is used."""

    model: str
    """As the setting names it."""
    dimension: int
    """0: as litellm's list says."""
    books: VectorBooks = field(repr=False)
    patience: Patience = PATIENCE
    models_file: str = ""
    """LLM_PROFILES: it may say where the model is, and what it costs."""
    _thread: LoopThread = field(
        default_factory=lambda: LoopThread("embedding-provider"), init=False, repr=False
    )

    @property
    def space(self) -> EmbeddingSpace:
        return self._space

    @property
    def tokenizer(self) -> str:
        return ENCODING

    @property
    def token_counting(self) -> Callable[[], TokenCounter]:
        return usual_counter

    @property
    def max_tokens(self) -> int:
        return most_tokens(self.model)

    @property
    def dollars_a_token(self) -> float | None:
        return price_of(self.model, self._deployment)

    def count_tokens(self, text: str) -> int:
        return usual_counter()(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._embedded(texts, "passage")

    def read(self, questions: Sequence[str]) -> list[ReadText]:
        """Read questions whole: a provider tells nothing of single words."""
        vectors = self._embedded(questions, "question")
        return ReadText.all(questions, (vectors, [NO_WORDS] * len(questions)))

    @contextmanager
    def lanes(self, texts: int) -> Generator["RequestLanes"]:
        """Requests go side by side however few texts there are; at the end the books are whole."""
        del texts
        self.books.money.settle_lost()
        try:
            yield RequestLanes(self)
        finally:
            self._settle()

    def warm(self, texts: int) -> None:
        """Have nothing to warm: the provider is always running."""

    def submit(self, texts: Sequence[str]) -> Future[Reading]:
        return self._thread.submit(self._reading(list(texts)))

    def close(self) -> None:
        """End the thread; the books are whole already."""
        self._thread.close()

    def _embedded(self, texts: Sequence[str], purpose: Purpose) -> Vectors:
        try:
            return self._thread.submit(self._provider.embed(texts, purpose)).result()
        finally:
            self._settle()

    async def _reading(self, texts: list[str]) -> Reading:
        vectors = await self._provider.embed(texts, "passage")
        return Reading.of((vectors, [NO_WORDS] * len(texts)))

    @cached_property
    def _space(self) -> EmbeddingSpace:
        return provider_space(self.model, self.dimension)

    @cached_property
    def _deployment(self) -> Deployment:
        return deployment_of(self.model, self.models_file, LONGEST_REQUEST)

    @cached_property
    def _provider(self) -> EmbeddingProvider:
        def changed(change: BreakerChange) -> None:
            # Beside: the answer that brought the news does not hang on Postgres.
            provider.board.beside(asyncio.to_thread(self.books.money.keep_state, change))

        provider = EmbeddingProvider(
            self._deployment, self.space, self.books, self.patience, changed
        )
        return provider

    def _settle(self) -> None:
        """Wait until what was asked stands in the books."""
        self._thread.submit(self._provider.board.finished()).result()


@dataclass(frozen=True)
class RequestLanes:
    """Batches on their way to the provider."""

    embedder: ProviderEmbedder
    processes: int = 1
    width: int = REQUESTS_AT_ONCE

    @property
    def texts_at_once(self) -> int:
        return texts_in_a_request(self.embedder.model)

    @property
    def runs_on(self) -> str:
        return f"{name_by_api(self.embedder.model)}, by its provider"

    def submit(self, texts: Sequence[str]) -> Future[Reading]:
        return self.embedder.submit(texts)
