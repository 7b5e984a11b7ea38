"""Every operation with every role and two tenants: nobody is told what is not theirs, and nothing of it changes."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from graph.server.door.roles import INCLUDED
from graph.server.door.route_roles import access_of
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import (
    CANARY,
    Tenant,
    furnish,
    make_key,
    operations,
    standing,
    tenant,
)

NOWHERE = {
    "thread_id": "none", "session_id": "none", "run_id": "none", "approval_id": "none", "agent_id": "none",
    "checkpoint_id": "none", "key:path": "none", "delegation_id": "999", "assistant": "chat",
    "delivery_id": "none", "namespace": "none", "rest:path": "x", "name": "none", "answer_id": "none", "number": "1",
    "cron_id": "none", "token": "t" * 43, "answer": "reject", "asset": "none", "model:path": "scriptorium",
}  # fmt: skip
# As long as people are asked, and as long as there is the thread.
STAY_OPEN = ("/orchestration/{session_id}/events", "/threads/{thread_id}/stream")
CHAT = {"assistant_id": "chat", "input": {"messages": []}}
BODIES: dict[str, Any] = {
    "/threads/search": {"limit": 1000},
    "/threads": {"thread_id": f"{CANARY}-thread", "if_exists": "do_nothing"},
    "/threads/{thread_id}": {"metadata": {"x": "theirs"}},
    "/threads/{thread_id}/runs": CHAT,
    "/threads/{thread_id}/runs/stream": CHAT,
    "/threads/{thread_id}/runs/wait": CHAT,
    "/threads/{thread_id}/state": {"values": {"messages": []}},
    "/threads/prune": {"thread_ids": [f"{CANARY}-thread"]},
    "/runs/cancel": {"thread_id": f"{CANARY}-thread"},
    "/knowledge/ingest": {"agents": ["hr"]},
    "/threads/{thread_id}/runs/crons": {**CHAT, "schedule": "0 0 1 1 *"},
    "/runs/crons/{cron_id}": {"enabled": False},
    "/runs/crons/search": {"limit": 1000},
    "/tickets": {"path": f"/threads/{CANARY}-thread/runs/none/stream"},
    "/approvals/{approval_id}/modify": {"args": {}},
    "/approvals/{approval_id}/respond": {"message": "x"},
}


def filled(path: str, ids: dict[str, str]) -> str:
    return re.sub(r"\{([\w:]+)\}", lambda found: ids[found[1]], path)


@pytest.fixture
async def a(database_url: str) -> AsyncIterator[Tenant]:
    async with tenant(database_url, "a") as server:
        yield server


@pytest.fixture
async def b(database_url: str) -> AsyncIterator[Tenant]:
    async with tenant(database_url, "b") as server:
        yield server


async def asked(server: Tenant, method: str, path: str, key: str, ids: dict[str, str]) -> Any:
    body = BODIES.get(path, {}) if method in ("POST", "PATCH", "PUT") else None
    async with asyncio.timeout(20):
        return await server.call(method, filled(path, NOWHERE | ids), key, body)


async def test_a_role_opens_its_routes_and_no_others(database_url: str, a: Tenant):
    keys = {one: make_key(database_url, "a", one) for one in INCLUDED}
    wrong: list[str] = []
    for method, path in operations(a.app):
        access = access_of(method, path)
        for role, key in {"nobody": "", **keys}.items():
            refused_later = {"supersteps": [1]} if path == "/threads" else {}
            body = refused_later if method in ("POST", "PATCH", "PUT") else None
            reply = await a.call(method, filled(path, NOWHERE), key, body)
            may = access == "open" or access in INCLUDED.get(role, ())
            refused = reply.status_code in ((401, 429) if role == "nobody" else (403,))
            if reply.status_code >= 500 and reply.status_code not in (501, 503):
                wrong.append(f"{method} {path} as {role}: {reply.status_code} {reply.text[:200]}")
            if refused is may and access != "open":
                wrong.append(f"{method} {path} as {role}: {reply.status_code}, though may={may}")
    assert not wrong, "\n".join(wrong)


async def test_nothing_of_one_tenant_reaches_the_other(database_url: str, a: Tenant, b: Tenant):
    admin = make_key(database_url, "a", "admin", name=CANARY)
    ids = await furnish(database_url, a, admin)
    before = standing(database_url)
    strangers = {
        "the other's admin at home": (b, make_key(database_url, "b", "admin", name="eve")),
        "the other's admin here": (a, make_key(database_url, "b", "admin", name="eve")),
        "our admin there": (b, admin),
        "nobody": (a, ""),
        "ours, of another agent": (a, make_key(database_url, "a", "admin", name="x", agents=["y"])),
    }
    leaks: list[str] = []
    asked_for = 0
    for who, (server, key) in strangers.items():
        for method, path in operations(server.app):
            reply: httpx.Response = await asked(server, method, path, key, ids)
            asked_for += 1
            said = reply.text
            for one in ids.values():  # what it asked for may be said back to it
                said = said.replace(one, "") if len(one) > 8 else said
            if reply.status_code < 400 and any(f"{{{one}}}" in path for one in ids):
                leaks.append(f"{who}: {method} {path}: {reply.status_code}")
            if CANARY in said:
                leaks.append(f"{who}: {method} {path}: {reply.status_code} {said[:200]}")
            if reply.status_code >= 500 and reply.status_code not in (501, 503):
                leaks.append(f"{who}: {method} {path}: {reply.status_code} {said[:200]}")
    assert not leaks, "\n".join(leaks)
    assert asked_for > 64 * len(strangers)
    assert standing(database_url) == before


async def test_its_own_admin_is_told_all_of_it(database_url: str, a: Tenant):
    """The matrix would hold for a server that is silent; this one is not."""
    admin = make_key(database_url, "a", "admin", name=CANARY)
    ids = await furnish(database_url, a, admin)
    told = [
        path
        for method, path in operations(a.app)
        if method == "GET" or path.endswith("/search")
        if path not in STAY_OPEN
        if CANARY in (await asked(a, method, path, admin, ids)).text
    ]
    assert len(told) >= 15, told


async def test_reading_changes_nothing(database_url: str, a: Tenant):
    admin = make_key(database_url, "a", "admin", name=CANARY)
    ids = await furnish(database_url, a, admin)
    before = everything(database_url)
    for method, path in operations(a.app):
        if method in ("GET", "HEAD") and path not in STAY_OPEN:
            reply = await asked(a, method, path, admin, ids)
            assert reply.status_code < 500 or reply.status_code in (501, 503), f"{method} {path}"
    assert everything(database_url) == before


def everything(database_url: str) -> dict[str, list[Any]]:
    """All rows of all tables; when a key was last used is noted, and nothing else."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname in ('ops', 'kb', 'langgraph', 'procrastinate') order by 1"
        ).fetchall()
        return {
            one: connection.execute(f"select t::text from {one} t order by 1").fetchall()  # noqa: S608
            for (one,) in tables
            if one != "ops.api_keys"
        }


def sees(client: TestClient, key: str, thread: str) -> str:
    with client.websocket_connect("/ws", headers={"X-Api-Key": key} if key else {}) as socket:
        socket.send_text(json.dumps({"subscribe": thread}))
        return socket.receive_text()


async def test_a_socket_tells_only_what_the_key_may_see(database_url: str, a: Tenant, b: Tenant):
    admin = make_key(database_url, "a", "admin")
    ids = await furnish(database_url, a, admin)
    await a.call("POST", f"/approvals/{ids['approval_id']}/reject", admin, {})

    def look() -> None:
        with TestClient(a.app, base_url="http://server.example") as client:
            assert CANARY in sees(client, admin, ids["thread_id"])
            limited = make_key(database_url, "a", "admin", agents=["y"])
            assert "there is no session" in sees(client, limited, ids["thread_id"])
            for key in ("", make_key(database_url, "b", "admin")):
                with pytest.raises(WebSocketDisconnect):
                    sees(client, key, ids["thread_id"])

    await asyncio.to_thread(look)


async def test_a_key_of_one_agent_asks_no_other(database_url: str):
    known = InMemoryKnowledge()
    known.add_document("hr", "leave.md", "# Leave\nYou have 28 days of leave a year.")
    known.add_document("it", "vpn.md", "# VPN\nThe VPN of IT works with certificates.")
    async with tenant(database_url, "a", known) as server:
        key = make_key(database_url, "a", "asker", agents=["hr"])
        listed = (await server.call("GET", "/agents", key)).json()["agents"]
        named = {one["agent_id"] for one in listed}
        assert "hr" in named
        assert not {"it", "operations", "system"} & named
        assert (
            await server.call("POST", "/search", key, {"query": "vpn", "agent": "it"})
        ).status_code == 404
        found = await server.call("POST", "/search", key, {"query": "how does the VPN work?"})
        assert {one["agent_id"] for one in found.json()["passages"]} <= {"hr"}
        planned = await server.call(
            "POST", "/plan", key, {"question": "How does the VPN of IT work?"}
        )
        agents = {one["agent"] for one in planned.json()["plan"]["steps"]}
        assert "it" not in agents
        theirs = {"plan": {"query": "vpn?", "steps": [{"step_id": "s1", "agent": "it"}]}}
        everyone = make_key(database_url, "a", "asker")
        valid = {
            whose: (await server.call("POST", "/validate", whose, theirs)).json()["valid"]
            for whose in (key, everyone)
        }
        assert valid == {key: False, everyone: True}
        whole = (await server.call("GET", "/agents", everyone)).json()["agents"]
        assert {"hr", "it"} <= {one["agent_id"] for one in whole}
