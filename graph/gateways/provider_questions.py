"""Questions as vectors that a provider makes, where EMBEDDING_MODEL names one of its models."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from graph.gateways.chat_model import tell_change
from graph.gateways.postgres import LazyPool
from graph.gateways.query_embedder import QuestionEmbedder, remembering
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import WORKING_STEP
from graph.settings import ReaderSettings
from kb_contract.chat_models.breaker import BreakerChange
from kb_contract.chat_models.profiles import read_models_file
from kb_contract.embedding_space import nearness_key
from kb_contract.errors import KnowledgeUnavailable, ModelFailed, Unavailable
from kb_contract.provider_embeddings.deployments import deployment_of
from kb_contract.provider_embeddings.patience import Patience
from kb_contract.provider_embeddings.provider import EmbeddingProvider
from kb_contract.provider_embeddings.purposes import Purpose
from kb_contract.provider_embeddings.spaces import provider_space
from kb_contract.sentence_models.vectors import ReadText, Vectors
from kb_contract.sentence_models.word_vectors import NO_WORDS

STEP: Final = "embed"
# Somebody waits for the answer.
PATIENCE: Final = Patience(tries=3, longest=2.0, in_all=20.0, unasked=2.0)
LONGEST_REQUEST: Final = 8.0


@dataclass
class ProviderQuestions(QuestionEmbedder):
    """Remembers as the model of this machine does, and asks for what is new."""

    provider: EmbeddingProvider = field(kw_only=True)

    async def read(self, questions: Sequence[str]) -> list[ReadText]:
        """Ask at once, and on the account of whoever asks: requests go side by side."""
        self._count(self._read, questions)
        return await remembering(self._read, questions, self._readings_of)

    async def near_by(self) -> str:
        return nearness_key(self.provider.space.model_dump())

    async def warm(self) -> None:
        """Have nothing to warm: the provider is always running."""

    async def close(self) -> None:
        """Wait for the books."""
        await self.provider.board.finished()

    async def _vectors_of(self, texts: list[str]) -> list[list[float]]:
        return (await self._asked(texts, "passage")).tolist()

    async def _readings_of(self, questions: list[str]) -> list[ReadText]:
        vectors = await self._asked(questions, "question")
        return ReadText.all(questions, (vectors, [NO_WORDS] * len(questions)))

    async def _asked(self, texts: Sequence[str], purpose: Purpose) -> Vectors:
        """Ask on the account of the agent at work."""
        _, agent = WORKING_STEP.get() or (None, "retrieval")
        working = WORKING_STEP.set((STEP, agent))
        try:
            return await self.provider.embed(texts, purpose)
        except ModelFailed:
            raise
        except Unavailable as away:
            # Without it the collections cannot be asked either.
            raise KnowledgeUnavailable(away.what, where=away.where, cure=away.cure) from away
        finally:
            WORKING_STEP.reset(working)


def provider_questions(settings: ReaderSettings, ops: LazyPool) -> ProviderQuestions:
    """Make it; nobody is asked before the first question."""
    name = settings.embedding_model
    books = PostgresBooks(
        ops, settings.workspace_id, read_models_file(settings.llm_profiles).budgets
    )
    model = deployment_of(name, settings.llm_profiles, LONGEST_REQUEST)
    space = provider_space(name, settings.embedding_dimension)

    def changed(change: BreakerChange) -> None:
        tell_change(change)
        provider.board.beside(books.keep_state(change))

    provider = EmbeddingProvider(model, space, books, PATIENCE, changed)
    return ProviderQuestions(name, provider=provider)
