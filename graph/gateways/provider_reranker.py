"""A provider's reranker, asked as its chat models are: with a row in the books, a breaker, and no redirect."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from graph.gateways.chat_model import tell_change
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import WORKING_STEP
from graph.settings import ReaderSettings
from kb_contract.chat_models.books import Books
from kb_contract.chat_models.breaker import BreakerChange
from kb_contract.chat_models.by_api import is_by_api, name_by_api
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.paid_request import Asked, Paid, PaidRequests
from kb_contract.chat_models.prices import Count, count_written
from kb_contract.chat_models.profiles import Deployment, Profile, read_models_file
from kb_contract.chat_models.rerank_prices import bound_of, most_of, took
from kb_contract.chat_models.switchboard import Switchboard

STEP: Final = "rerank"


@dataclass(frozen=True)
class ProviderReranker:
    """Scores texts by the model that litellm knows under its name."""

    model: Deployment
    books: Books
    keep_state: Callable[[BreakerChange], Coroutine[Any, Any, None]] | None = None
    """Keeps how the model is, where other processes see it."""
    board: Switchboard = field(init=False)

    def __post_init__(self) -> None:
        profile = Profile(primary={"standard": self.model})
        object.__setattr__(self, "board", Switchboard(profile, self._changed))

    async def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """Ask; the order of passages waits for no books."""
        name, many = self.model.model, len(texts)
        most = await asyncio.to_thread(self._most, question, texts)
        asked = Asked(
            most, bound_of(name, most.count, many),
            ask=partial(self._asked, question, texts),
            read=lambda answer: _scores(answer, many),
            took=lambda answer: took(name, answer.meta, most, many),
        )  # fmt: skip
        _, agent = WORKING_STEP.get() or (None, "retrieval")
        working = WORKING_STEP.set((STEP, agent))
        try:
            return await PaidRequests(self.model, self.books, self.board).send(asked)
        finally:
            WORKING_STEP.reset(working)

    async def close(self) -> None:
        """Wait for the books."""
        await self.board.finished()

    def _most(self, question: str, texts: Sequence[str]) -> Paid:
        # Each text is read together with the question.
        asked = count_written(self.model, question) * len(texts)
        tokens = asked + count_written(self.model, "\n".join(texts))
        return most_of(self.model.model, Count(tokens, 0))

    async def _asked(self, question: str, texts: Sequence[str]) -> Any:
        where = {"api_base": self.model.api_base} if self.model.api_base else {}
        return await litellm().arerank(
            model=self.model.model, query=question, documents=list(texts), top_n=len(texts), **where
        )

    def _changed(self, change: BreakerChange) -> None:
        tell_change(change)
        if self.keep_state is not None:
            self.board.beside(self.keep_state(change))


def _scores(answer: Any, many: int) -> list[float]:
    """Read a score for each text; one that the provider leaves out comes last."""
    scores = [float("-inf")] * many
    results: list[Any] = answer.results or []
    try:
        for one in results:
            scores[range(many)[one["index"]]] = float(one["relevance_score"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ProviderFailure("not_whole", "the scores are not those of the texts") from error
    return scores


def provider_reranker(settings: ReaderSettings, ops: LazyPool) -> ProviderReranker | None:
    """Return the provider's reranker, if the settings name one."""
    name = settings.rerank_model
    if not is_by_api(name):
        return None
    budgets = read_models_file(settings.llm_profiles).budgets
    books = PostgresBooks(ops, settings.workspace_id, budgets)
    return ProviderReranker(Deployment(model=name_by_api(name)), books, books.keep_state)
