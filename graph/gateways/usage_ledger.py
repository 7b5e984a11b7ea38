"""The books in Postgres: a row per request before it is sent, and balances that nobody passes."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

import structlog
from langgraph.config import get_config
from psycopg.types.json import Jsonb

from graph.gateways.postgres import LazyPool
from graph.gateways.run_story import tell_story
from graph.ports import APPROVED_STEP, WORKING_STEP
from kb_contract.chat_models.books import BudgetSpent, Held, NoRoom, Order, Receipt
from kb_contract.chat_models.breaker import BreakerChange, state_row
from kb_contract.chat_models.budgets import Budget, holds_of, spent_words
from kb_contract.identifiers import DEFAULT_WORKSPACE
from kb_contract.named_queries import named_queries

log = structlog.get_logger(__name__)
LANE: Final = "money"
# A request that is older than it may get belonged to a process that is gone.
_GRACE: Final = 60.0
_LOOK_FOR_LOST: Final = 60.0
# Postgres tells the time of a row; how long a question took is told by whoever works on it, whose clocks may
# differ, and who may wait for Postgres afterwards. What was asked before is told apart by its run and answer.
_SLACK: Final = 60.0


def utc_now() -> datetime:
    """Say what time it is: a budget's day begins at midnight UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one clock of the books


@dataclass
class PostgresBooks:
    """The real `Books`."""

    pool: LazyPool
    workspace_id: str = DEFAULT_WORKSPACE
    budgets: tuple[Budget, ...] = ()
    now: Callable[[], datetime] = utc_now
    _looked: float = field(default=0.0, init=False)

    async def hold(self, order: Order) -> Held:
        await self._settle_lost()
        who = {**run_at_work(), **_step()}
        call_id = str(uuid.uuid4())
        wanted = order.wanted(approved=APPROVED_STEP.get())
        holds = holds_of(self.budgets, who, self.now(), wanted)
        call = {
            **who,
            **order.as_json(),
            "call_id": call_id,
            "workspace_id": self.workspace_id,
            "seconds": order.seconds + _GRACE,
        }
        values = {"call": Jsonb(call), "holds": Jsonb([one.as_json() for one in holds])}
        said = await self._said("hold_money", "said", values)
        if said:
            raise self._spent(said, order.told)
        return Held(call_id)

    async def goes_out(self, held: Held) -> None:
        await self.pool.run(named_queries("costs")["money_goes_out"], {"call_id": held.call_id})

    async def asks(self, orders: Sequence[tuple[str, Order]]) -> str:
        asking = tuple(one for one in self.budgets if one.over == "ask")
        wanted: dict[tuple[str, str, str], float] = {}
        for agent, order in orders:
            who = {**run_at_work(), "agent_id": agent}
            for hold in holds_of(asking, who, self.now(), order.wanted()):
                place = (hold.budget.name, hold.subject, hold.begins)
                wanted[place] = wanted.get(place, 0.0) + hold.usual
        if not wanted:
            return ""
        taken = await self._taken(sorted(wanted))
        caps = {one.name: one for one in asking}
        for (name, subject, when), amount in sorted(wanted.items()):
            spent, cap = taken.get((name, subject, when), 0.0), caps[name].cap
            if spent + amount > cap:
                whose = "" if subject == "*" else f" of {subject}"
                return (
                    f"the budget {name}{whose} is nearly spent: {spent:.4f} of {cap:g} {caps[name].unit}, "
                    f"and this may take up to {amount:.4f}"
                )
        return ""

    async def _taken(
        self, places: Sequence[tuple[str, str, str]]
    ) -> dict[tuple[str, str, str], float]:
        """Say what is spent and held of these balances."""
        names, subjects, begins = (list(one) for one in zip(*places, strict=True))
        values = {
            "workspace": self.workspace_id,
            "budgets": names,
            "subjects": subjects,
            "begins": begins,
        }
        rows = await self.pool.rows(named_queries("costs")["balances_of"], values)
        return {(row["budget"], row["subject"], row["begins"]): row["taken"] for row in rows}

    async def settle(self, receipt: Receipt) -> None:
        values = {"call_id": receipt.held.call_id, "said": Jsonb(receipt.as_json())}
        for near in await self._said("settle_money", "warned", values):
            log.warning("a budget comes near its end", **near)
            tell_story({"type": "budget_warning", "lane": LANE, **near})

    async def keep_state(self, change: BreakerChange) -> None:
        """Keep how a model of this process is, for whoever asks after its health elsewhere."""
        async with self.pool.connection() as connection:
            await connection.execute(_statement("keep_model_state"), state_row(change))

    async def _settle_lost(self) -> None:
        now = time.monotonic()
        if self._looked and now - self._looked < _LOOK_FOR_LOST:
            return
        self._looked = now
        await self._said("settle_lost_money", "lost", {})

    async def _said(self, name: str, column: str, values: Mapping[str, Any]) -> Any:
        rows = await self.pool.rows(named_queries("costs")[name], values)
        return rows[0][column]

    def _spent(self, said: Mapping[str, Any], told: NoRoom | None) -> BudgetSpent:
        budget = next(one for one in self.budgets if one.name == said["over"])
        spent = BudgetSpent(
            spent_words(budget, said),
            over=budget.over,
            momentary=said["momentary"],
            where="LLM_PROFILES",
            cure="raise its cap, or wait for its next period",
        )
        if spent.kind != told:
            which = {"budget": budget.name, "subject": said["subject"], "policy": budget.over}
            log.warning("a budget has no room", what=spent.what, **which)
            tell_story({"type": spent.kind, "lane": LANE, "what": spent.what, **which})
        return spent


@dataclass(frozen=True)
class PostgresQuestionCosts:
    """The real `QuestionCosts`: a thread works on one question at a time."""

    pool: LazyPool
    workspace_id: str = DEFAULT_WORKSPACE

    async def of_knowledge(self, answer_id: str, citations: Sequence[Any]) -> float:
        if not citations:
            return 0.0
        values = {
            "answer_id": answer_id,
            "workspace": self.workspace_id,
            "agents": [one["agent_id"] for one in citations],
            "generations": [one["generation"] for one in citations],
            "chunks": [uuid.UUID(one["chunk_id"]) for one in citations],
        }
        [row] = await self.pool.rows(named_queries("costs")["knowledge_share"], values)
        return round(row["cost"], 8)

    async def of_question(self, answer_id: str, thread_id: str, seconds: float) -> dict[str, Any]:
        values = {"answer_id": answer_id, "thread_id": thread_id, "seconds": seconds + _SLACK}
        [row] = await self.pool.rows(named_queries("costs")["question_costs"], values)
        return row


def _statement(name: str) -> bytes:
    return named_queries("costs")[name].encode()


def _step() -> dict[str, str | None]:
    step, agent = WORKING_STEP.get() or (None, None)
    return {"step_id": step, "agent_id": agent}


def run_at_work() -> dict[str, str | None]:
    """Return which run it is and whose, when a graph is running."""
    try:
        config = cast("Mapping[str, Any]", get_config())
    except (RuntimeError, KeyError):
        return {"thread_id": None, "run_id": None, "user_id": None}
    known = {**config.get("metadata", {}), **config.get("configurable", {})}
    # Who asks is what the server wrote into the run, never what a caller put into its configuration.
    user = config.get("metadata", {}).get("requested_by")
    return {
        **{name: _text(known.get(name)) for name in ("thread_id", "run_id")},
        "user_id": _text(user),
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
