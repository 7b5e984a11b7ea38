"""An interrupt as a row of ops.approvals, whichever graph raised it."""

from collections.abc import Mapping
from typing import Any, Final, cast

from langgraph.types import Interrupt

from graph.approval_requests.shown_action import shown_action
from graph.server.database import Row
from graph.server.encoding import plain
from kb_contract.identifiers import sha256_json

SHOWN: Final = (
    "approval_id",
    "thread_id",
    "run_id",
    "step_id",
    "agent_id",
    "digest",
    "request",
    "status",
    "requested_by",
    "approvers",
    "deadline",
    "warn_at",
    "level",
    "policy",
    "decision",
    "decided_by",
    "on_behalf_of",
    "decided_at",
    "decided_digest",
    "resume_run_id",
    "revoked_by",
    "revoked_at",
    "created_at",
)


def approval_row(run: Row, one: Interrupt, ordinal: int) -> Row:
    """What is kept; the digest is the graph's own where it gives one."""
    request = plain(one.value)
    said: Mapping[str, Any] = (
        cast("Mapping[str, Any]", request) if isinstance(request, Mapping) else {}
    )
    return {
        "approval_id": one.id,
        "thread_id": run["thread_id"],
        "run_id": run["run_id"],
        "ordinal": ordinal,
        "step_id": str(said.get("step_id") or ""),
        "agent_id": str(said.get("agent_id") or ""),
        "digest": str(said.get("digest") or sha256_json(request)),
        "request": request,
    }


def approval_body(row: Row) -> dict[str, Any]:
    """What is shown."""
    return {name: row[name] for name in SHOWN}


def waiting_body(row: Row) -> dict[str, Any]:
    """Enough to tell one waiting approval from another."""
    return {
        "approval_id": row["approval_id"],
        "step_id": row["step_id"],
        "agent_id": row["agent_id"],
        "action": action_name(row["request"]),
        "digest": row["digest"],
    }


def action_name(request: Any) -> str:
    """Name of the one action that is asked for; empty when a graph asks in its own way."""
    shown = shown_action(request)
    return shown.name if shown else ""
