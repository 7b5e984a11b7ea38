"""What an operator does with `kb`, done for a person who approved it in a conversation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

import dagster as dg
from psycopg.types.json import Jsonb
from pydantic import Field

from dagster_kb.assets.story import RETRY, clear_failures
from dagster_kb.publishing.serving_checks import ServingChecks
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import one, run
from dagster_kb.resources.vector_books import pays_for_vectors
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import BadInput, ScriptoriumError, Unavailable

OPERATOR_JOB: Final = "operator_work"
# Done in the sensor's tick: as a run it might wait for the very one that is to be stopped.
AT_ONCE: Final = ("pause", "resume")
OPERATOR_ACTIONS: Final = (*AT_ONCE, "verify", "rollback")
Told = dict[str, Any]


class OperatorAction(Enum):
    """What can be ordered; Dagster's launchpad offers these."""

    verify = "verify"
    rollback = "rollback"


class OperatorOrder(dg.Config):
    """One order: what, of which agent, and on whose word."""

    action: OperatorAction = Field(
        description="verify: look whether what is served is right; rollback: serve an earlier generation, and pause"
    )
    agent: str = Field(description="the agent's id: the name of its folder")
    by: str = Field(default="Dagster's launchpad", description="whose word it is, for the incident")
    reason: str = Field(default="", description="what is wrong with what is live")
    to: int = Field(default=0, description="generation to go back to; 0: the one before")
    key: str = Field(default="", description="of the approved request that this run answers")


@dataclass(frozen=True)
class OperatorWork:
    """The same steps as `kb verify` and `kb rollback` take."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def do(self, order: OperatorOrder) -> Told:
        """Carry the order out, and say what became of it; `ok` says whether it holds."""
        known = self.ledger.generations.known_agents()
        if order.agent not in known:
            raise BadInput(
                f"there is no agent {order.agent!r}", where=order.action.value,
                cure=f"agents: {', '.join(sorted(known)) or 'none yet'}",
            )  # fmt: skip
        return (
            self._verify(order) if order.action is OperatorAction.verify else self._roll_back(order)
        )

    def _verify(self, order: OperatorOrder, *, seen: bool = False) -> Told:
        found = ServingChecks(self.ledger, self.store, self.embedder).run(order.agent, seen=seen)
        shown = {
            name: {"passed": check.passed, "says": check.description}
            for name, check in found.items()
        }
        return {"ok": all(check.passed for check in found.values()), "checks": shown}

    def _roll_back(self, order: OperatorOrder) -> Told:
        way = WayBack(self.ledger, self.store, self.embedder)
        done = way.roll_back(
            order.agent, order.to or None, reason=order.reason or "not said", by=order.by
        )
        return {**asdict(done), **self._verify_now(order)}

    def _verify_now(self, order: OperatorOrder) -> Told:
        checked = self._verify(order, seen=True)
        # The run that made what is bad may have failed by now; it says nothing about what is live.
        checks = {name: found for name, found in checked["checks"].items() if name != "last_run"}
        return {"ok": all(found["passed"] for found in checks.values()), "checks": checks}


@dg.op(retry_policy=RETRY)
def carry_out(
    context: dg.OpExecutionContext,
    config: OperatorOrder,
    ledger: dg.ResourceParam[Ledger],
    store: dg.ResourceParam[VectorStore],
    embedder: dg.ResourceParam[Embedder],
) -> None:
    """Do what was approved, once, and write down what became of it."""
    with clear_failures(), pays_for_vectors(config.agent, context.run_id):
        try:
            told = OperatorWork(ledger, store, embedder).do(config)
        except Unavailable:
            raise
        except ScriptoriumError as error:
            _settle(ledger, config.key, "failed", {"error": str(error)}, context.run_id)
            raise
    _settle(ledger, config.key, "done" if told["ok"] else "failed", told, context.run_id)
    context.log.info("%s of %s: %s", config.action.value, config.agent, told)


def _settle(ledger: Ledger, key: str, status: str, told: Told, run_id: str) -> None:
    result = Jsonb({**told, "dagster_run_id": run_id})
    ledger.database.run(
        "settle_operation", workspace=ledger.workspace, key=key, status=status, result=result
    )


def do_at_once(ledger: Ledger, row: Mapping[str, Any], key: str, agent: str) -> None:
    """Pause or resume as ordered, and say so, in one transaction: no crash lets it happen twice."""
    by = str(row.get("requested_by") or "a conversation")
    who = {"workspace": ledger.workspace, "agent": agent, "by": by}
    reason = str(row["arguments"].get("reason") or "not said")
    with ledger.database.transaction() as connection:
        if row["action"] == "pause":
            run(connection, "pause_agent", **who, reason=reason)
            told = {"ok": True, "paused": True}
        else:
            ended = one(connection, "resume_agent", **who)
            told = {"ok": True, "was_paused": ended is not None}
        run(
            connection, "settle_operation", workspace=ledger.workspace, key=key, status="done",
            result=Jsonb(told),
        )  # fmt: skip


@dg.job(name=OPERATOR_JOB, description="Verify or roll back an agent, as approved.")
def operator_job() -> None:
    """One op."""
    carry_out()


def operator_request(
    row: Mapping[str, Any], key: str, agent: str, tags: Mapping[str, str]
) -> dg.RunRequest:
    """Ask for a run of one order; the same key is one run."""
    given: Mapping[str, Any] = row["arguments"]
    order = {
        "key": key,
        "action": str(row["action"]),
        "agent": agent,
        "by": str(row.get("requested_by") or "a conversation"),
        "reason": str(given.get("reason") or ""),
        "to": int(given.get("to") or 0),
    }
    return dg.RunRequest(
        f"operation {key}", job_name=OPERATOR_JOB, tags=dict(tags),
        run_config={"ops": {carry_out.name: {"config": order}}},
    )  # fmt: skip
