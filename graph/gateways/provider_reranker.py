"""A provider's reranker, asked as its chat models are: with a row in the books, a breaker, and no redirect."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from graph.gateways.chat_model import tell_change
from graph.gateways.postgres import LazyPool
from graph.gateways.reranking import BY_API
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import WORKING_STEP
from graph.settings import ReaderSettings
from kb_contract.chat_models.books import Books, Bound, Held, Order, Outcome, Receipt
from kb_contract.chat_models.breaker import BreakerChange, Turn
from kb_contract.chat_models.failures import ProviderFailure, failure_of
from kb_contract.chat_models.going_out import told_when_it_goes_out
from kb_contract.chat_models.holding import NOTHING, held_for, settled
from kb_contract.chat_models.litellm_library import litellm
from kb_contract.chat_models.prices import Count, count_written
from kb_contract.chat_models.profiles import Deployment, Profile, read_models_file
from kb_contract.chat_models.rerank_prices import Reranked, bound_of, most_of, took
from kb_contract.chat_models.switchboard import Switchboard

STEP: Final = "rerank"
_UNPAID: Final = frozenset({"busy", "refused_us", "refused_this", "down"})


@dataclass
class _Request:
    """What is known of one, however it ends."""

    held: Held
    most: Reranked
    began: float
    sent: bool = False
    """Whether it went out."""

    def receipt(self, outcome: Outcome, paid: Reranked, error: str = "") -> Receipt:
        seconds = round(asyncio.get_running_loop().time() - self.began, 3)
        if not self.sent:
            paid = Reranked(NOTHING, 0.0)
        return Receipt(self.held, paid.count, paid.dollars, outcome, seconds, error[:500])


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
        """Hold the money, ask, and settle beside: the order of passages waits for no books."""
        most = await asyncio.to_thread(self._most, question, texts)
        turn = self._admitted()
        request = await self._held(most, bound_of(self.model.model, most.count, len(texts)), turn)
        try:
            with told_when_it_goes_out(partial(self._going_out, request)):
                answer = await self._asked(question, texts)
            scores = _scores(answer, len(texts))
        except asyncio.CancelledError:
            turn.left_alone()
            self._settle(request.receipt("abandoned", most))
            raise
        except Exception as error:
            failure = error if isinstance(error, ProviderFailure) else failure_of(error)
            turn.ended_in(failure, asyncio.get_running_loop().time() - request.began)
            free = failure.kind in _UNPAID
            paid = Reranked(NOTHING, 0.0) if free else most
            self._settle(request.receipt("failed", paid, failure.what))
            raise failure from error
        receipt = request.receipt("answered", took(self.model.model, answer.meta, most, len(texts)))
        turn.answered(receipt.seconds, slow=receipt.seconds > self.model.slow_seconds)
        self._settle(receipt)
        return scores

    async def close(self) -> None:
        """Wait for the books."""
        await self.board.finished()

    def _most(self, question: str, texts: Sequence[str]) -> Reranked:
        # Each text is read together with the question.
        asked = count_written(self.model, question) * len(texts)
        tokens = asked + count_written(self.model, "\n".join(texts))
        return most_of(self.model.model, Count(tokens, 0))

    def _admitted(self) -> Turn:
        breaker = self.board.breaker(self.model)
        turn = breaker.admit()
        if turn is None:
            what = f"{self.model.model} is not asked for {breaker.waits():.0f} s more"
            raise ProviderFailure("down", f"{what} ({breaker.why})")
        return turn

    async def _held(self, most: Reranked, bound: Reranked, turn: Turn) -> _Request:
        order = Order(
            model=self.model.model, tier="cheap", role="primary",
            prompt_tokens=most.count.prompt, most_completion=0,
            prompt_dollars=most.dollars, most_dollars=most.dollars, seconds=self.model.timeout,
            bound=Bound(bound.count.prompt, 0, bound.dollars),
        )  # fmt: skip
        _, agent = WORKING_STEP.get() or (None, "retrieval")
        working = WORKING_STEP.set((STEP, agent))
        try:
            held = await held_for(order, self.books, self.board)
        except BaseException:
            turn.left_alone()
            raise
        finally:
            WORKING_STEP.reset(working)
        return _Request(held, most, asyncio.get_running_loop().time())

    async def _going_out(self, request: _Request) -> None:
        if not request.sent:
            await self.books.goes_out(request.held)
            request.sent = True

    async def _asked(self, question: str, texts: Sequence[str]) -> Any:
        where = {"api_base": self.model.api_base} if self.model.api_base else {}
        return await litellm().arerank(
            model=self.model.model, query=question, documents=list(texts), top_n=len(texts), **where
        )

    def _settle(self, receipt: Receipt) -> None:
        settled(receipt, self.books, self.board)

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
    if not name.startswith(BY_API):
        return None
    budgets = read_models_file(settings.llm_profiles).budgets
    books = PostgresBooks(ops, settings.workspace_id, budgets)
    return ProviderReranker(Deployment(model=name.removeprefix(BY_API)), books, books.keep_state)
