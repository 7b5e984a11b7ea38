"""An interrupt as a row of ops.approvals, whichever graph raised it."""

from collections.abc import Mapping
from typing import Any, Final, cast

from langgraph.types import Interrupt

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
    "decision",
    "decided_by",
    "decided_at",
    "resume_run_id",
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


def action_name(request: Any) -> str:
    """Name of the one action that is asked for; empty when a graph asks in its own way."""
    if not isinstance(request, Mapping):
        return ""
    actions = cast("Mapping[str, Any]", request).get("action_requests")
    first = cast("list[Any]", actions)[0] if isinstance(actions, list) and actions else None
    return (
        str(cast("Mapping[str, Any]", first).get("name", "")) if isinstance(first, Mapping) else ""
    )
