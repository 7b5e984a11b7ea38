"""Keeps what a graph asks: by which rules, until when, and with the knowledge that it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, cast

from langgraph.types import Interrupt
from psycopg.types.json import Jsonb

from graph.approval_requests.shown_action import shown_action
from graph.classification.question_back import ACTION
from graph.server.approval_policy import ApprovalPolicies, ApprovalPolicy
from graph.server.approval_rows import approval_row
from graph.server.clock import Clock, utc_now
from graph.server.database import Row, Statements
from kb_contract.identifiers import DEFAULT_WORKSPACE

PINNED_AFTER_DEADLINE: Final = timedelta(days=1)
# Questions in a graph's own form cannot be rejected for it, so nobody ends them in its place.
_NO_POLICY: Final = ApprovalPolicy(timeout=0)
# What a question means is for whoever asked it to say, and nothing is allowed by it.
_FOR_WHO_ASKED: Final[Mapping[str, Any]] = {
    "approvers": (), "separate_approver": False, "on_timeout": "reject", "escalate_to": (),
}  # fmt: skip


@dataclass(frozen=True)
class ApprovalKeeping:
    """Writes the interrupts of a run as rows of ops.approvals, in the caller's transaction."""

    policies: ApprovalPolicies = field(default_factory=ApprovalPolicies)
    workspace: str = DEFAULT_WORKSPACE
    now: Clock = utc_now

    async def keep(
        self, statements: Statements, run: Row, one: Interrupt, ordinal: int, *, asked_again: bool
    ) -> None:
        row = approval_row(run, one, ordinal)
        policy, now = self._policy(row), self.now()
        deadline = policy.deadline(now)
        asker = await statements.row("asker_of_thread", thread_id=run["thread_id"])
        row |= {
            "request": Jsonb(row["request"]),
            "asked_again": asked_again,
            "requested_by": (asker or {}).get("requested_by") or "",
            "policy": Jsonb(policy.model_dump(mode="json")),
            "approvers": list(policy.approvers),
            "deadline": deadline,
            "warn_at": policy.warn_at(now),
        }
        cited = _cited(row["request"].obj)
        if cited:
            await statements.rows(
                "pin_cited",
                workspace=self.workspace,
                holder=f"thread:{run['thread_id']}",
                ends_at=deadline + PINNED_AFTER_DEADLINE if deadline else None,
                agents=[agent for agent, _ in cited],
                numbers=[number for _, number in cited],
            )
        await statements.rows("keep_approval", **row)

    def _policy(self, row: Row) -> ApprovalPolicy:
        shown = shown_action(row["request"])
        if shown is None:
            return _NO_POLICY
        if shown.name == ACTION:
            return self.policies.usual.model_copy(update=_FOR_WHO_ASKED)
        return self.policies.of(row["agent_id"], str(row["request"].get("query_type") or ""))


def _cited(request: Any) -> list[tuple[str, int]]:
    """Agents and generations of the evidence; requests of other graphs may hold anything."""
    found = cast("Mapping[str, Any]", request).get("evidence") if _is_mapping(request) else None
    several = cast("list[Any]", found) if isinstance(found, list) else []
    pairs = [(one.get("agent_id"), one.get("generation")) for one in several if _is_mapping(one)]
    return sorted(
        {
            (agent, number)
            for agent, number in pairs
            if isinstance(agent, str) and type(number) is int and 0 <= number < 2**31
        }
    )


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)
