"""A request that is no chat and is paid all the same: for an order of passages, for vectors.

It stands in the books as chats do: its money is held before it goes out, and settled beside.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Generic, TypeVar

from kb_contract.chat_models.books import Books, Bound, Held, Order, Outcome, Receipt
from kb_contract.chat_models.breaker import Turn
from kb_contract.chat_models.failures import ProviderFailure, failure_of
from kb_contract.chat_models.going_out import told_when_it_goes_out
from kb_contract.chat_models.holding import NOTHING, held_for, settled
from kb_contract.chat_models.prices import Count
from kb_contract.chat_models.profiles import Deployment
from kb_contract.chat_models.switchboard import Switchboard

Answer = TypeVar("Answer")
_TIMED_OUT: Final = 408
_UNPAID: Final = frozenset({"busy", "refused_us", "refused_this", "down"})


@dataclass(frozen=True)
class Paid:
    """Tokens and dollars of one request."""

    count: Count
    dollars: float


class NotAsked(ProviderFailure):
    """The breaker lets nobody ask now."""


FREE: Final = Paid(NOTHING, 0.0)


@dataclass(frozen=True)
class Asked(Generic[Answer]):
    """What is asked, how its answer is read, and what it takes."""

    usual: Paid
    """By our own count."""
    bound: Paid
    """The most that is believed of it, which is held."""
    ask: Callable[[], Awaitable[Any]]
    read: Callable[[Any], Answer]
    took: Callable[[Any], Paid]
    """What the provider says that it took, where that can be true."""


@dataclass
class _Request:
    """What is known of one, however it ends."""

    held: Held
    usual: Paid
    began: float
    sent: bool = False
    """Whether it went out."""
    unwritten: Exception | None = None
    """Why the books did not take it down that it goes out; then it did not."""

    def receipt(self, outcome: Outcome, paid: Paid, error: str = "") -> Receipt:
        paid = paid if self.sent else FREE
        return Receipt(
            self.held, paid.count, paid.dollars, outcome, round(self.seconds, 3), error[:500]
        )

    @property
    def seconds(self) -> float:
        return asyncio.get_running_loop().time() - self.began


@dataclass(frozen=True)
class PaidRequests:
    """Asks one model, one breaker for all of its requests."""

    model: Deployment
    books: Books
    board: Switchboard

    async def send(self, asked: Asked[Answer]) -> Answer:
        """Hold the money, ask, and settle beside: nobody waits for the books afterwards."""
        turn = self._admitted()
        request = await self._held(asked, turn)
        try:
            # The library has deadlines of its own, and not for every provider.
            with told_when_it_goes_out(partial(self._going_out, request)):
                async with asyncio.timeout(self.model.timeout):
                    said = await asked.ask()
            # The library's client told it; of one that does not, what came tells it.
            await self._going_out(request)
            answer, took = asked.read(said), asked.took(said)
        except asyncio.CancelledError:
            turn.left_alone()
            self._settle(request.receipt("abandoned", asked.usual))
            raise
        except Exception as error:
            raise self._failed(error, request, turn) from error
        receipt = request.receipt("answered", took)
        turn.answered(receipt.seconds, slow=receipt.seconds > self.model.slow_seconds)
        self._settle(receipt)
        return answer

    def _admitted(self) -> Turn:
        breaker = self.board.breaker(self.model)
        turn = breaker.admit()
        if turn is None:
            wait = breaker.waits()
            what = f"{self.model.model} is not asked for {wait:.0f} s more"
            raise NotAsked("down", f"{what} ({breaker.why})", rest=wait)
        return turn

    async def _held(self, asked: Asked[Any], turn: Turn) -> _Request:
        usual, bound = asked.usual, asked.bound
        order = Order(
            model=self.model.model, tier="cheap", role="primary",
            prompt_tokens=usual.count.prompt, most_completion=0,
            prompt_dollars=usual.dollars, most_dollars=usual.dollars, seconds=self.model.timeout,
            bound=Bound(bound.count.prompt, 0, bound.dollars),
        )  # fmt: skip
        try:
            held = await held_for(order, self.books, self.board)
        except BaseException:
            turn.left_alone()
            raise
        return _Request(held, usual, asyncio.get_running_loop().time())

    async def _going_out(self, request: _Request) -> None:
        if request.sent:
            return
        try:
            await self.books.goes_out(request.held)
        except Exception as error:
            request.unwritten = error
            raise
        request.sent = True

    def _failed(self, error: Exception, request: _Request, turn: Turn) -> Exception:
        """Put down how it ended; books that are away lie at us, and not at the provider."""
        if request.unwritten is not None:
            turn.left_alone()
            self._settle(request.receipt("abandoned", FREE))
            return request.unwritten
        failure = _failure(error, sent=request.sent)
        if failure.kind == "not_whole" or not request.sent:
            # It answers, and may not know what to do with one of the texts; or it was never asked.
            turn.left_alone()
        else:
            turn.ended_in(failure, request.seconds)
        paid = FREE if failure.kind in _UNPAID else request.usual
        self._settle(request.receipt("failed", paid, failure.what))
        return failure

    def _settle(self, receipt: Receipt) -> None:
        settled(receipt, self.books, self.board)


def _failure(error: Exception, *, sent: bool) -> ProviderFailure:
    if isinstance(error, ProviderFailure):
        return error
    if isinstance(error, TimeoutError) or getattr(error, "status_code", None) == _TIMED_OUT:
        return ProviderFailure("late", "no answer in time")
    failure = failure_of(error)
    if sent:
        return failure
    # The library did not even try: it has no key, or does not know the model or what is asked of it.
    return ProviderFailure("refused_us", f"{failure.what}, before anything was sent")
