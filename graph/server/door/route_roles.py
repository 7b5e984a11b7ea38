"""Which role each route asks for. What is not written here is refused: this is the whole truth.

`ANY` stands for every method of a path, `WS` for a socket. Open routes are for whoever can reach them.
"""

from collections.abc import Mapping
from typing import Final, Literal

from graph.server.door.roles import Role

Access = Role | Literal["open"]
PRIVILEGED: Final = frozenset({"operator", "admin"})
"""What these may change is written into the audit before it is done."""
READING: Final = frozenset({"GET", "HEAD", "WS"})

_OPEN: Final = (
    "GET /ok",
    "GET /info",
    # They say what the source says and hold no data; a browser has no key before it can show them.
    "GET /openapi.json",
    "GET /docs",
    "GET /docs/{asset}",
    "GET /health/live",
    "GET /health/ready",
    # The secret in the link says who may answer.
    "GET /approvals/links/{token}",
    "POST /approvals/links/{token}/{answer}",
    # A push has no key; its signature says who sent it.
    "POST /hooks/git",
    # Its sign-in page is; its own gate stands before the rest, and it calls routes with its reader's rights.
    "ANY /console",
)
_VIEWER: Final = (
    "GET /health",
    "GET /agents",
    "GET /approvals/events",
    "GET /approvals/history",
    "GET /approvals/pending",
    "GET /approvals/{approval_id}",
    "POST /assistants/count",
    "POST /assistants/search",
    "GET /assistants/{assistant}",
    "GET /assistants/{assistant}/graph",
    "GET /assistants/{assistant}/schemas",
    "GET /assistants/{assistant}/subgraphs",
    "GET /assistants/{assistant}/subgraphs/{namespace}",
    "POST /assistants/{assistant}/versions",
    "GET /delegations",
    "GET /hooks/git/{delivery_id}",
    "GET /knowledge/operations/{key:path}",
    "GET /knowledge/{agent_id}/generations",
    "GET /knowledge/{agent_id}/generations/{number}/documents",
    "GET /knowledge/{agent_id}/changes",
    "GET /knowledge/{agent_id}/names",
    "GET /evaluations",
    "GET /gaps",
    "GET /me",
    "GET /workflows",
    "GET /orchestration/{session_id}/events",
    "GET /orchestration/{session_id}/status",
    "GET /orchestration/{session_id}/transcript",
    "POST /tickets",
    "POST /threads/count",
    "POST /threads/search",
    "GET /threads/{thread_id}",
    "GET /threads/{thread_id}/history",
    "POST /threads/{thread_id}/history",
    "GET /threads/{thread_id}/runs",
    "GET /threads/{thread_id}/runs/{run_id}",
    "GET /threads/{thread_id}/runs/{run_id}/join",
    "GET /threads/{thread_id}/runs/{run_id}/stream",
    "GET /threads/{thread_id}/stream",
    "GET /threads/{thread_id}/state",
    "POST /threads/{thread_id}/state/checkpoint",
    "GET /threads/{thread_id}/state/{checkpoint_id}",
    "GET /workflows/{run_id}/graph",
    "GET /answers/stale",
    "GET /answers/{answer_id}",
    "GET /answers/{answer_id}/citations/{number}",
    "POST /runs/crons/search",
    "POST /runs/crons/count",
    "GET /sessions",
    "GET /store/items",
    "POST /store/items/search",
    "POST /store/namespaces",
    "GET /sessions/{session_id}",
    "GET /v1/models",
    "GET /v1/models/{model:path}",
    "GET /metrics",
    "WS /ws",
    # Its tools are calls of routes, each of which asks for its own role.
    "ANY /mcp",
    # What is not there says so to whoever may see the rest.
    "ANY /threads/{thread_id}/stream/events",
    "ANY /threads/{thread_id}/commands",
)
_ASKER: Final = (
    "POST /classify",
    "POST /feedback",
    "POST /plan",
    "POST /validate",
    "POST /optimize",
    "POST /search",
    "POST /orchestrate",
    "DELETE /orchestration/{session_id}",
    "POST /runs",
    "POST /runs/batch",
    "POST /runs/crons",
    "POST /threads/{thread_id}/runs/crons",
    "POST /runs/cancel",
    "POST /runs/stream",
    "POST /runs/wait",
    "PUT /store/items",
    "DELETE /store/items",
    "POST /v1/chat/completions",
    "POST /assistants",
    # Of their own; of others', it takes an operator.
    "PATCH /assistants/{assistant}",
    "DELETE /assistants/{assistant}",
    "POST /assistants/{assistant}/latest",
    "PATCH /runs/crons/{cron_id}",
    "DELETE /runs/crons/{cron_id}",
    "DELETE /sessions/{session_id}",
    "DELETE /threads/{thread_id}",
    "DELETE /threads/{thread_id}/runs/{run_id}",
    "POST /agents/{agent_id}/execute",
    "POST /threads",
    "PATCH /threads/{thread_id}",
    "POST /threads/{thread_id}/copy",
    "POST /threads/{thread_id}/runs",
    "POST /threads/{thread_id}/runs/stream",
    "POST /threads/{thread_id}/runs/wait",
    "POST /threads/{thread_id}/runs/{run_id}/cancel",
)
_APPROVER: Final = (
    "POST /approvals/{approval_id}/approve",
    "POST /approvals/{approval_id}/modify",
    "POST /approvals/{approval_id}/reject",
    "POST /approvals/{approval_id}/respond",
    "POST /approvals/{approval_id}/revoke",
    "POST /orchestration/{session_id}/approve",
    "POST /delegations",
    "DELETE /delegations/{delegation_id}",
)
_OPERATOR: Final = (
    # Who asked what, and what it cost.
    "GET /costs",
    "POST /knowledge/ingest",
    "POST /threads/prune",
    "POST /threads/{thread_id}/state",
)
ROUTE_ROLES: Final[Mapping[str, Access]] = {
    **dict.fromkeys(_OPEN, "open"),
    **dict.fromkeys(_VIEWER, "viewer"),
    **dict.fromkeys(_ASKER, "asker"),
    **dict.fromkeys(_APPROVER, "approver"),
    **dict.fromkeys(_OPERATOR, "operator"),
}


def access_of(method: str, path: str) -> Access | None:
    """What a route asks for; None when nobody said, and so nobody may."""
    said = "GET" if method == "HEAD" else method
    return ROUTE_ROLES.get(f"{said} {path}") or ROUTE_ROLES.get(f"ANY {path}")


def is_privileged(method: str, access: Access) -> bool:
    """Whether the use of a route is worth an entry of the audit."""
    return access in PRIVILEGED and method not in READING
