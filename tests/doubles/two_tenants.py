"""Two servers on one database, each of its own workspace, with things that only one of them may show."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
from fastapi import FastAPI
from psycopg.rows import dict_row
from pydantic import SecretStr

from graph.agents.registry import LiveRegistry
from graph.classification.rules import RuleClassifier
from graph.planning.rules import RulePlanner
from graph.server.app import create_app
from graph.server.door.keys import new_key
from graph.server.door.route_finder import RouteFinder
from graph.server.planning_desk import PlanningDesk
from graph.settings import ReaderSettings
from kb_contract.named_queries import named_queries
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.http_of_app import http_of
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

CANARY = "canary-7f3a"
"""Stands in everything that is A's; nobody else may ever be told it."""


def make_key(
    database_url: str,
    workspace: str,
    *roles: str,
    name: str = "ann",
    agents: Sequence[str] | None = None,
    expires_at: Any = None,
) -> str:
    made = new_key()
    values = {
        "key_id": made.key_id, "workspace": workspace, "name": name, "roles": list(roles),
        "agents": list(agents) if agents is not None else None, "digest": made.digest,
        "created_by": "test", "expires_at": expires_at, "replaces": None,
    }  # fmt: skip
    with psycopg.connect(database_url) as connection:
        connection.execute(named_queries("door")["new_key"].encode(), values)
    return made.text


def door_settings(database_url: str, workspace: str, **more: Any) -> ReaderSettings:
    usual: dict[str, Any] = {
        "kb_rate_per_key": 0, "kb_rate_per_user": 0, "kb_auth": "required", "qdrant_url": "http://127.0.0.1:1",
    }  # fmt: skip
    return ReaderSettings(
        database_url=SecretStr(database_url), workspace_id=workspace, **{**usual, **more}
    )


@dataclass(frozen=True)
class Tenant:
    """One server, its app, and a way to call it."""

    app: FastAPI
    http: httpx.AsyncClient

    async def call(self, method: str, path: str, key: str, body: Any = None) -> httpx.Response:
        headers = {"X-Api-Key": key} if key else {}
        return await self.http.request(method, path, json=body, headers=headers)


@asynccontextmanager
async def tenant(
    database_url: str, workspace: str, knowledge: InMemoryKnowledge | None = None, **more: Any
) -> AsyncIterator[Tenant]:
    settings = door_settings(database_url, workspace, **more)
    parts: dict[str, Any] = {}
    if knowledge is not None:
        registry = LiveRegistry(knowledge)  # pyright: ignore[reportArgumentType]
        desk = PlanningDesk(RuleClassifier(), RulePlanner(), registry, knowledge.affinity, 20_000)
        parts = {"planning": desk, "agents": registry, "reader": knowledge}
    app = create_app(settings, GRAPHS, **parts)
    async with http_of(app, "http://server.example") as http:
        yield Tenant(app, http)


def operations(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every route and method that there is; `ANY` is tried with the methods that change things too."""
    for route in RouteFinder.of(app).routes:
        if route.socket:
            continue
        for method in sorted(route.methods or {"GET", "POST", "DELETE"}):
            yield method, route.path


async def furnish(database_url: str, a: Tenant, admin: str) -> dict[str, str]:
    """Give A one of everything, each with the canary in it; return the ids as paths name them."""
    thread = f"{CANARY}-thread"
    chat = {"messages": [{"role": "user", "content": CANARY}]}
    made = await a.call("POST", "/threads", admin, {"thread_id": thread, "metadata": {"x": CANARY}})
    made.raise_for_status()
    run = {"assistant_id": "chat", "input": chat}
    started = await a.call("POST", f"/threads/{thread}/runs", admin, run)
    run_id = started.raise_for_status().json()["run_id"]
    delegation = {"deputy": f"{CANARY}-deputy", "until": "2026-12-31T00:00:00Z", "reason": CANARY}
    await a.call("POST", "/knowledge/ingest", admin, {"agents": [CANARY]})
    operation = _keep_what_runs_leave(database_url, thread, run_id)
    state = await a.call(
        "POST", f"/threads/{thread}/state", admin, {"values": chat, "as_node": "answer"}
    )
    placed = state.raise_for_status().json()["checkpoint"]["checkpoint_id"]
    named = await a.call("POST", "/delegations", admin, delegation)
    timed = {
        "assistant_id": "chat",
        "schedule": "0 0 1 1 *",
        "input": chat,
        "metadata": {"x": CANARY},
    }
    cron = (await a.call("POST", "/runs/crons", admin, timed)).raise_for_status().json()
    kept = {"graph_id": "chat", "assistant_id": f"{CANARY}-assistant", "metadata": {"x": CANARY}}
    (await a.call("POST", "/assistants", admin, kept)).raise_for_status()
    return {
        "assistant": f"{CANARY}-assistant",
        "cron_id": cron["cron_id"], "thread_id": thread, "session_id": thread, "run_id": run_id, "approval_id": "c" * 32,
        "checkpoint_id": placed, "key:path": operation,
        "answer_id": f"{CANARY}-answer", "delegation_id": str(named.raise_for_status().json()["delegation_id"]),
    }  # fmt: skip


def _keep_what_runs_leave(database_url: str, thread: str, run_id: str) -> str:
    """Write what a worker, people and the writer would; return the key of what was asked of the writer."""
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        connection.execute(
            "insert into ops.events (run_id, event, data) values (%s, 'custom', %s), (%s, 'end', null)",
            (run_id, json.dumps({"type": "token", "lane": CANARY, "text": CANARY}), run_id),
        )
        connection.execute("update ops.runs set status = 'success' where run_id = %s", (run_id,))
        connection.execute(
            "insert into ops.approvals (approval_id, thread_id, run_id, step_id, agent_id, digest, request)"
            " values (%s, %s, %s, 's1', %s, 'd', %s)",
            ("c" * 32, thread, run_id, CANARY, json.dumps({"note": CANARY})),
        )
        connection.execute("update ops.threads set status = 'idle' where thread_id = %s", (thread,))
        connection.execute(
            "insert into ops.answers (answer_id, thread_id, question, query_type, status, answer, plan)"
            " values (%s, %s, %s, 'simple_lookup', 'completed', %s, '{}')",
            (f"{CANARY}-answer", thread, CANARY, CANARY),
        )
        operation = connection.execute("select key from ops.requested_operations").fetchone()
    return operation["key"] if operation else ""


def standing(database_url: str) -> str:
    """All that is A's, as letters."""
    tables = (
        "threads",
        "runs",
        "approvals",
        "delegations",
        "requested_operations",
        "events",
        "crons",
        "assistants",
        "assistant_versions",
    )
    with psycopg.connect(database_url) as connection:
        rows = {
            one: connection.execute(
                f"select t::text from ops.{one} t where t::text like %s order by 1",  # noqa: S608
                (f"%{CANARY}%",),
            ).fetchall()
            for one in tables
        }
        saved = connection.execute("select count(*) from langgraph.checkpoints").fetchone()
    return json.dumps([rows, saved])
