"""The door of a real server: keys, limits, cookies, headers, the store, figures, and the audit."""

import asyncio
import base64
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from graph.server.audit_entries import Chain
from graph.server.door import authentication
from kb.commands.keys import keys
from kb_contract.named_queries import named_queries
from tests.doubles.two_tenants import Tenant, make_key, tenant

CHAT = {"assistant_id": "chat", "input": {"messages": []}}


@pytest.fixture
async def server(database_url: str) -> AsyncIterator[Tenant]:
    async with tenant(database_url, "default") as one:
        yield one


def audit(database_url: str) -> list[dict[str, Any]]:
    values = {"after": 0, "approval_id": None, "limit": 1000, "workspace": None, "scope": None}
    with psycopg.connect(database_url, row_factory=psycopg.rows.dict_row) as connection:
        statement = named_queries("approvals")["audit_after"].encode()
        rows = connection.execute(statement, values).fetchall()
    assert Chain().follow(rows).broken is None
    return [json.loads(row["entry"]) for row in rows]


async def test_privileged_actions_are_written_down(database_url: str, server: Tenant):
    operator = make_key(database_url, "default", "operator", name="olga")
    asker = make_key(database_url, "default", "asker", name="ann")
    for name in ("mine", "hers"):
        await server.call("POST", "/threads", asker, {"thread_id": name})
    await server.call("POST", "/threads", operator, {"thread_id": "theirs"})
    assert (await server.call("DELETE", "/threads/mine", asker)).status_code == 204
    assert (await server.call("DELETE", "/threads/theirs", asker)).status_code == 403
    assert (await server.call("DELETE", "/sessions/theirs", asker)).status_code == 403
    assert (await server.call("DELETE", "/threads/hers", operator)).status_code == 204
    assert (await server.call("GET", "/threads/hers", operator)).status_code == 404
    assert (await server.call("POST", "/knowledge/ingest", asker, {})).status_code == 403
    assert (await server.call("POST", "/knowledge/ingest", operator, {})).status_code == 202
    told = [(one["kind"], one["actor"], one.get("route")) for one in audit(database_url)]
    assert ("refused", "ann", "POST /knowledge/ingest") in told
    assert ("privileged", "olga", "POST /knowledge/ingest") in told
    assert ("privileged", "olga", "another's thread: forget") in told
    assert [kind for kind, _, _ in told].count("privileged") == 2
    assert [kind for kind, _, _ in told].count("key_created") == 2
    text = json.dumps(audit(database_url))
    assert operator not in text
    assert asker not in text


async def test_what_resumes_or_rewrites_asks_for_its_role(database_url: str, server: Tenant):
    asker = make_key(database_url, "default", "asker")
    approver = make_key(database_url, "default", "approver")
    await server.call("POST", "/threads", asker, {"thread_id": "t"})
    for command, refused in (
        ({"resume": "yes"}, "approver"),
        ({"update": {"messages": []}}, "operator"),
        ({"goto": "answer"}, "operator"),
    ):
        run = {"assistant_id": "chat", "command": command}
        for path in ("/threads/t/runs", "/threads/t/runs/stream", "/threads/t/runs/wait"):
            reply = await server.call("POST", path, asker, run)
            assert (reply.status_code, refused in reply.text) == (403, True)
    nothing = {"assistant_id": "chat", "command": {"resume": "yes"}}
    assert (await server.call("POST", "/threads/t/runs", approver, nothing)).status_code == 409


async def test_a_key_ends(database_url: str, server: Tenant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("QDRANT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(authentication, "BELIEVED_SECONDS", 0.0)
    run = CliRunner()

    def command(*words: str, code: int = 0) -> Any:
        done = run.invoke(keys, [*words, "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout) if code == 0 else done.exception

    made = command("create", "ann", "--role", "asker", "--agent", "hr")
    assert (made["name"], made["roles"], made["agents"]) == ("ann", ["asker"], ["hr"])
    assert (await server.call("POST", "/threads", made["key"], {})).status_code == 200
    new = command("rotate", made["key_id"], "--overlap", "0")
    assert new["agents"] == ["hr"]
    gone = await server.call("GET", "/approvals/pending", made["key"])
    assert (gone.status_code, "has expired" in gone.text) == (401, True)
    assert (await server.call("GET", "/approvals/pending", new["key"])).status_code == 200
    command("revoke", new["key_id"])
    gone = await server.call("GET", "/approvals/pending", new["key"])
    assert (gone.status_code, "was revoked" in gone.text) == (401, True)
    assert "no valid key" in str(command("revoke", new["key_id"], code=1))
    assert "is no role" in str(command("create", "x", "--role", "root", code=1))
    listed = command("list")["keys"]
    assert [one["valid"] for one in listed] == [False, False]
    assert not any("digest" in one or "key" in one for one in listed)
    kinds = [one["kind"] for one in audit(database_url)]
    assert kinds == ["key_created", "key_created", "key_expires", "key_revoked"]
    with psycopg.connect(database_url) as connection:
        kept = str(connection.execute("select k::text from ops.api_keys k").fetchall())
    assert made["key"].split("_", 2)[2] not in kept


async def test_old_and_made_up_keys_are_refused(database_url: str, server: Tenant):
    past = datetime.now(UTC) - timedelta(seconds=1)
    old = make_key(database_url, "default", "admin", expires_at=past)
    good = make_key(database_url, "default", "admin")
    for key in ("", "x", old, good[:-1] + "A", good[:-1], f"{good}A", good.replace("kb_", "kb-")):
        if key != good:
            assert (await server.call("GET", "/agents", key)).status_code == 401, key
    for headers in ({"Authorization": f"Bearer {good}"}, {"X-Api-Key": good}):
        assert (await server.http.get("/approvals/pending", headers=headers)).status_code == 200


async def test_one_who_floods_waits_and_others_do_not(database_url: str):
    async with tenant(database_url, "default", kb_rate_per_user=60, kb_open_requests=8) as server:
        flood = make_key(database_url, "default", "viewer", name="flood")
        calm = make_key(database_url, "default", "viewer", name="calm")

        async def look(key: str) -> httpx.Response:
            return await server.call("GET", "/approvals/pending", key)

        began = time.monotonic()
        flooded = asyncio.gather(*(look(flood) for _ in range(1000)))
        served = [await look(calm) for _ in range(20)]
        told = [one.status_code for one in await flooded]
        assert [one.status_code for one in served] == [200] * 20
        assert set(told) == {200, 429}
        assert told.count(200) <= 61 + (time.monotonic() - began)
        late = await look(flood)
        assert late.status_code == 429
        assert int(late.headers["Retry-After"]) >= 1
        assert late.json()["type"] == "too_many_requests"


async def test_runs_find_room_or_are_refused(database_url: str):
    async with tenant(database_url, "default", kb_active_runs=3, kb_queue_limit=5) as server:
        ann = make_key(database_url, "default", "asker", name="ann")
        bob = make_key(database_url, "default", "asker", name="bob")
        replies = [await server.call("POST", "/runs", ann, CHAT) for _ in range(4)]
        assert [one.status_code for one in replies] == [200, 200, 200, 429]
        assert replies[-1].headers["Retry-After"] == "5"
        replies = [await server.call("POST", "/runs", bob, CHAT) for _ in range(3)]
        assert [one.status_code for one in replies] == [200, 200, 429]
        assert "workers do not keep up" in replies[-1].text


async def test_a_batch_is_started_whole_or_not(database_url: str):
    async with tenant(database_url, "default", kb_active_runs=3) as server:
        key = make_key(database_url, "default", "asker")
        assert (await server.call("POST", "/runs/batch", key, [CHAT] * 4)).status_code == 429
        wrong = [CHAT, {**CHAT, "assistant_id": "nobody"}]
        assert (await server.call("POST", "/runs/batch", key, wrong)).status_code == 404
        assert (await server.call("POST", "/threads/count", key, {})).json() == 0
        assert len((await server.call("POST", "/runs/batch", key, [CHAT] * 3)).json()) == 3


async def test_guessing_keys_costs_the_guesser(database_url: str, server: Tenant):
    key = make_key(database_url, "default", "viewer")
    assert (await server.call("GET", "/approvals/pending", key)).status_code == 200
    guesses = [await server.call("GET", "/agents", f"x{n}") for n in range(80)]
    assert {one.status_code for one in guesses} == {401, 429}
    assert (await server.call("GET", "/approvals/pending", key)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://server.example"}, 200),
        ({"Origin": "http://server.example:81"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://server.example"}, 200),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://server.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_a_cookie_is_believed_on_own_pages_only(
    database_url: str, headers: dict[str, str], status: int
):
    async with tenant(database_url, "default", cors_origins="http://server.example") as server:
        key = make_key(database_url, "default", "asker")
        sent = {"X-Api-Key": key, "Cookie": "session=1", **headers}
        reply = await server.http.post("/threads", json={}, headers=sent)
        assert reply.status_code == status, reply.text


async def test_every_answer_is_safe_to_show(database_url: str, server: Tenant):
    key = make_key(database_url, "default", "viewer")
    for path in ("/ok", "/agents", "/no/such", "/approvals/pending", "/docs", "/v1/models"):
        reply = await server.http.get(path, headers={"X-Api-Key": key})
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"]
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        if reply.is_error:
            assert {"type", "message", "hint", "trace_id"} <= set(reply.json())
    docs = await server.http.get("/docs", headers={"X-Api-Key": key})
    [script] = re.findall(r"<script>(.*?)</script>", docs.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in docs.headers["Content-Security-Policy"]
    unmethod = await server.call("PUT", "/threads", key)
    assert (unmethod.status_code, unmethod.headers["Allow"]) == (405, "POST")


async def test_the_store_of_one_tenant_is_not_the_others(database_url: str, server: Tenant):
    place = {"namespace": ["notes", "ann"], "key": "k"}
    ours = make_key(database_url, "default", "asker")
    theirs = make_key(database_url, "b", "asker")
    limited = make_key(database_url, "default", "asker", agents=["hr"])
    kept = await server.call("PUT", "/store/items", ours, {**place, "value": {"a": 1}})
    assert kept.status_code == 204
    async with tenant(database_url, "b") as other:
        for who, key in ((other, theirs), (server, limited)):
            assert (
                await who.call("GET", "/store/items?namespace=notes.ann&key=k", key)
            ).status_code == 404
            assert (await who.call("POST", "/store/items/search", key, {})).json() == {"items": []}
            listed = await who.call("POST", "/store/namespaces", key, {})
            assert listed.json() == {"namespaces": []}
            assert (await who.call("DELETE", "/store/items", key, place)).status_code == 204
    found = (await server.call("GET", "/store/items?namespace=notes.ann&key=k", ours)).json()
    assert (found["value"], found["namespace"]) == ({"a": 1}, ["notes", "ann"])
    search = {"namespace_prefix": ["notes"], "filter": {"a": 1}}
    items = (await server.call("POST", "/store/items/search", ours, search)).json()["items"]
    assert [one["key"] for one in items] == ["k"]
    listed = (await server.call("POST", "/store/namespaces", ours, {"max_depth": 1})).json()
    assert listed == {"namespaces": [["notes"]]}
    for wanted, found in (({"$gte": "1"}, 1), ({"$ne": 1}, 0), ({"x": 1}, 0)):
        said = await server.call("POST", "/store/items/search", ours, {"filter": {"a": wanted}})
        assert len(said.json()["items"]) == found
    odd = await server.call("POST", "/store/items/search", ours, {"filter": {"a": {"$like": 1}}})
    assert (odd.status_code, "$gte" in odd.text) == (422, True)
    assert (await server.call("GET", "/store/items?namespace=%00&key=k", ours)).status_code == 422


def changes_to_hers(run: str) -> list[tuple[str, str, Any]]:
    """All ways to change a thread that is called hers, and a run of it."""
    return [
        ("POST", "/threads/hers/runs", CHAT | {"multitask_strategy": "rollback"}),
        ("POST", "/threads/hers/runs/wait", CHAT),
        ("POST", "/orchestrate", {"question": "what?", "session_id": "hers"}),
        ("POST", f"{run}/cancel", None),
        ("POST", f"{run}/cancel?action=rollback", None),
        ("POST", "/runs/cancel", {"thread_id": "hers"}),
        ("POST", "/threads/hers/runs/crons", CHAT | {"schedule": "0 0 1 1 *"}),
        ("PATCH", "/threads/hers", {"ttl": 0.01}),
        ("DELETE", "/orchestration/hers", None),
        ("DELETE", "/sessions/hers", None),
        ("DELETE", "/threads/hers", None),
        ("DELETE", run, None),
    ]


async def test_a_conversation_is_changed_by_who_began_it(database_url: str, server: Tenant):
    people = {"ann": "asker", "bob": "asker", "pat": "approver", "olga": "operator"}
    ann, bob, pat, olga = (
        make_key(database_url, "default", role, name=name) for name, role in people.items()
    )
    await server.call("POST", "/threads", ann, {"thread_id": "hers"})
    started = (await server.call("POST", "/threads/hers/runs", ann, CHAT)).json()
    run = f"/threads/hers/runs/{started['run_id']}"
    for key in (bob, pat):
        for method, path, body in changes_to_hers(run):
            reply = await server.call(method, path, key, body)
            assert reply.status_code == 403, f"{method} {path}: {reply.text}"
    asked = await server.http.post(
        "/v1/chat/completions", headers={"X-Api-Key": bob, "X-Session-ID": "hers"},
        json={"messages": [{"role": "user", "content": "what?"}]},
    )  # fmt: skip
    assert asked.status_code == 403
    # Nothing of it happened; she goes on, he reads it and goes on in a copy.
    assert (await server.call("GET", run, bob)).json()["status"] == "pending"
    copy = (await server.call("POST", "/threads/hers/copy", bob)).json()["thread_id"]
    assert (await server.call("POST", f"/threads/{copy}/runs", bob, CHAT)).status_code == 200
    assert (await server.call("PATCH", "/threads/hers", ann, {"ttl": 60})).status_code == 200
    assert (await server.call("POST", f"{run}/cancel", olga)).status_code == 202
    with psycopg.connect(database_url) as connection:
        written = connection.execute(
            "select entry->>'route' from ops.audit where entry->>'thread_id' = 'hers' and entry->>'actor' = 'olga'"
        ).fetchall()
    assert written == [("another's thread: interrupt",)]


async def test_figures_are_counted_by_route(database_url: str, server: Tenant):
    key = make_key(database_url, "default", "operator")
    for n in range(3):
        await server.call("GET", f"/threads/none-{n}", key)
    await server.call("POST", "/runs", key, CHAT)
    text = (await server.call("GET", "/metrics", key)).text
    counted = 'scriptorium_http_requests_total{method="GET",route="/threads/{thread_id}",status="404"} 3.0'
    assert counted in text
    assert 'scriptorium_runs{state="pending"} 1.0' in text
    assert "none-1" not in text
    assert (await server.call("GET", "/metrics", "")).status_code == 401


async def test_threads_are_pruned(database_url: str, server: Tenant):
    key = make_key(database_url, "default", "operator")
    for name in ("one", "two"):
        await server.call("POST", "/threads", key, {"thread_id": name})
        for n in range(3):
            values = {
                "values": {"messages": [{"role": "user", "content": str(n)}]},
                "as_node": "answer",
            }
            await server.call("POST", f"/threads/{name}/state", key, values)
    body = {"thread_ids": ["one", "none"], "strategy": "keep_latest"}
    assert (await server.call("POST", "/threads/prune", key, body)).json() == {"pruned_count": 1}
    past = (await server.call("GET", "/threads/one/history", key)).json()
    assert len(past) == 1
    body = {"thread_ids": ["two"]}
    assert (await server.call("POST", "/threads/prune", key, body)).json() == {"pruned_count": 1}
    assert (await server.call("GET", "/threads/two", key)).status_code == 404
