"""The writer's books: money is held before a request, and settled with what the request was for."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from dagster_kb.resources.ledger_money import MoneyLedger
from kb_contract.chat_models.books import BudgetSpent, Held, Order, Receipt
from kb_contract.chat_models.budgets import Budget, holds_of, spent_words

EXTRACT: Final = "extract"
# A request that is older than it may get belonged to a process that is gone.
_GRACE: Final = 60.0
_WITH_EFFECT: Final = frozenset({"answered", "unusable"})
_EFFECT: ContextVar[list[Receipt] | None] = ContextVar("receipts_of_the_effect", default=None)


@contextmanager
def one_effect() -> Generator[list[Receipt]]:
    """Collect the receipts of what is kept in one transaction with them."""
    receipts: list[Receipt] = []
    token = _EFFECT.set(receipts)
    try:
        yield receipts
    finally:
        _EFFECT.reset(token)


@dataclass
class LedgerBooks:
    """The real `Books` of a run of the writer."""

    money: MoneyLedger
    budgets: tuple[Budget, ...]
    agent: str | None
    dagster_run: str | None
    approved: bool = False
    """A person agreed to what this run costs: budgets that ask let it pass."""
    step: str = EXTRACT
    """What it is paid for."""
    refused: str = field(default="", init=False)
    """The last budget that had no room."""
    near_ends: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]], init=False)
    """Budgets that came near their end by what had no effect; whoever tells of them empties it."""

    async def hold(self, order: Order) -> Held:
        await self._settle_earlier()
        who = {"agent_id": self.agent, "run_id": self.dagster_run, "step_id": self.step}
        holds = holds_of(self.budgets, who, _now(), order.wanted(approved=self.approved))
        call_id = str(uuid4())
        call = {
            **who, **order.as_json(), "call_id": call_id, "seconds": order.seconds + _GRACE,
        }  # fmt: skip
        said = await asyncio.to_thread(self.money.hold, call, [one.as_json() for one in holds])
        if said:
            raise self._spent(said)
        return Held(call_id)

    async def goes_out(self, held: Held) -> None:
        await asyncio.to_thread(self.money.goes_out, held)

    async def asks(self, orders: Sequence[tuple[str, Order]]) -> str:
        """Nobody is asked in the middle of a run: it was asked for before."""
        del orders
        return ""

    async def settle(self, receipt: Receipt) -> None:
        effect = _EFFECT.get()
        # What failed or was given up has no effect that it could be settled with.
        if effect is not None and receipt.outcome in _WITH_EFFECT:
            effect.append(receipt)
            return
        self.near_ends += await asyncio.to_thread(self.money.settle, [receipt])

    async def _settle_earlier(self) -> None:
        """What is asked for again has no effect to wait for, and is known for certain now."""
        effect = _EFFECT.get()
        if effect:
            self.near_ends += await asyncio.to_thread(self.money.settle, tuple(effect))
            effect.clear()

    def _spent(self, said: dict[str, Any]) -> BudgetSpent:
        budget = next(one for one in self.budgets if one.name == said["over"])
        self.refused = spent_words(budget, said)
        return BudgetSpent(
            self.refused,
            over=budget.over,
            momentary=said["momentary"],
            where="LLM_PROFILES",
            cure="raise its cap, or wait for its next period",
        )


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - a budget's day begins at midnight UTC
