"""Who pays for vectors: the agent and the run that are at work, wherever a model is asked for them."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import structlog

from dagster_kb.resources.ledger_books import LedgerBooks
from dagster_kb.resources.ledger_money import MoneyLedger
from kb_contract.chat_models.books import Held, Order, Receipt
from kb_contract.chat_models.budgets import Budget

log = structlog.get_logger(__name__)
EMBED: Final = "embed"


@dataclass(frozen=True)
class Payer:
    """Whose account it is; commands that ask for a few questions have no run."""

    agent: str | None = None
    dagster_run: str | None = None


_NOBODY: Final = Payer()
_PAYER: ContextVar[Payer] = ContextVar("pays_for_vectors", default=_NOBODY)


@contextmanager
def pays_for_vectors(agent: str, dagster_run: str | None = None) -> Generator[None]:
    """What is embedded meanwhile is paid by this agent, in this run or the one that is at work."""
    token = _PAYER.set(Payer(agent, dagster_run or _PAYER.get().dagster_run))
    try:
        yield
    finally:
        _PAYER.reset(token)


@dataclass(frozen=True)
class VectorBooks:
    """The books of whoever asks for vectors; budgets are read at the first request."""

    money: MoneyLedger
    budgets_of: Callable[[], tuple[Budget, ...]]

    @cached_property
    def _budgets(self) -> tuple[Budget, ...]:
        return self.budgets_of()

    async def hold(self, order: Order) -> Held:
        return await self._of_the_run.hold(order)

    async def goes_out(self, held: Held) -> None:
        await self._of_the_run.goes_out(held)

    async def asks(self, orders: Sequence[tuple[str, Order]]) -> str:
        return await self._of_the_run.asks(orders)

    async def settle(self, receipt: Receipt) -> None:
        books = self._of_the_run
        await books.settle(receipt)
        for near in books.near_ends:
            log.warning("a budget comes near its end", **near)

    @property
    def _of_the_run(self) -> LedgerBooks:
        payer = _PAYER.get()
        return LedgerBooks(
            self.money, self._budgets, payer.agent, payer.dagster_run, step=EMBED
        )  # fmt: skip
