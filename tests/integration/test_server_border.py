"""Whatever comes in, the answer is 2xx or a 4xx that says what to do; never a 5xx."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from graph.server.app import create_app
from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.http_of_app import http_of, server_on

BASE = "http://127.0.0.1"
CHAT = {"assistant_id": "chat", "input": {"messages": [{"role": "user", "content": "hi"}]}}
DEEP = "[" * 50_000 + "]" * 50_000
NESTED: Any = 1
for _ in range(150):
    NESTED = [NESTED]


def settings(database_url: str, **more: Any) -> ReaderSettings:
    return ReaderSettings(
        database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1", **more
    )


# One server for all of it; what a test left in the database goes with the test.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(file_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with http_of(server_on(file_database_url)) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def http(
    server: httpx.AsyncClient, file_database_url: str
) -> AsyncIterator[httpx.AsyncClient]:
    await server.post("/threads", json={"thread_id": "known"})
    yield server
    with psycopg.connect(file_database_url) as connection:
        connection.execute("truncate ops.threads, ops.runs cascade")


def run(**changes: Any) -> str:
    return json.dumps({**CHAT, **changes})


BODIES: dict[str, str | bytes] = {
    "nothing": b"",
    "not json": "{",
    "a list": "[]",
    "a number": "5",
    "a text": '"x"',
    "null": "null",
    "not utf-8": b'{"assistant_id": "\xff\xfe"}',
    "utf-16": '{"assistant_id": "chat"}'.encode("utf-16"),
    "NaN": '{"assistant_id": "chat", "input": NaN}',
    "infinity": '{"assistant_id": "chat", "input": 1e999}',
    "minus infinity": '{"assistant_id": "chat", "input": -Infinity}',
    "a number of 5000 digits": '{"assistant_id": "chat", "input": ' + "9" * 5000 + "}",
    "a number of 40 digits": '{"assistant_id": "chat", "input": {"n": ' + "9" * 40 + "}}",
    "far too deep": DEEP,
    "too deep": run(input=NESTED),
    "NUL": run(input={"messages": "a\x00b"}, metadata={"a\x00": "b\x00"}),
    "half a pair": '{"assistant_id": "chat", "input": {"messages": "\\ud800"}, "metadata": {"x": "\\udfff"}}',
    "NUL as assistant": run(assistant_id="chat\x00"),
    "no such assistant": run(assistant_id="../../etc/passwd"),
    "assistant is a list": run(assistant_id=["chat"]),
    "duplicate keys": '{"assistant_id": "chat", "assistant_id": "nobody"}',
    "unknown mode": run(stream_mode=["all"]),
    "mode is a number": run(stream_mode=7),
    "input and command": run(command={"resume": 1}),
    "resume where nothing waits": run(input=None, command={"resume": "yes"}),
    "resume by odd ids": run(input=None, command={"resume": {"\x00": 1}}),
    "goto a number": run(input=None, command={"goto": 7}),
    "huge limit": run(config={"recursion_limit": 10**9}),
    "configurable tricks": run(config={"configurable": {"thread_id": "other", "__pregel_send": 1}}),
    "config is a text": run(config="x"),
    "odd context": run(context={"model": {"not": "a text"}}),
    "checkpoint is NUL": run(checkpoint={"checkpoint_id": "\x00"}),
    "checkpoint is SQL": run(checkpoint={"checkpoint_id": "' or 1=1 --"}),
    "no such checkpoint": run(checkpoint={"checkpoint_id": "1ef00000-0000-6000-8000-000000000000"}),
    "1000 metadata keys": run(metadata={str(n): n for n in range(1000)}),
    "metadata is a list": run(metadata=[1]),
    "negative delay": run(after_seconds=-1),
    "webhook": run(webhook="http://169.254.169.254/"),
    "strategy": run(multitask_strategy="explode"),
    "lc dictionary": run(input={"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {}}),
    "template": run(input={"messages": "{{7*7}} ${jndi:ldap://x} %s %(x)s {0.__class__}"}),
    "emoji": run(input={"messages": "👨‍👩‍👧‍👦" * 10_000}),
    "tags of 10 KB": run(config={"tags": ["x" * 10_000]}),
}  # fmt: skip
PATHS = (
    "/threads/known/runs", "/runs", "/threads/known/state", "/threads/known/history", "/threads",
    "/threads/search", "/assistants/search", "/orchestrate", "/runs/batch", "/runs/cancel", "/approvals/x/modify",
    "/orchestration/known/approve", "/plan", "/validate", "/threads/known/runs/x/cancel",
)  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
async def test_bodies(http: httpx.AsyncClient, name: str):
    for path in PATHS:
        answer = await http.post(path, content=BODIES[name])
        assert answer.status_code < 500 or (answer.status_code == 503 and path in ("/plan", "/validate")), (
            path, answer.text,
        )  # fmt: skip
        if answer.is_error:
            body = answer.json()
            assert (bool(body["type"]), bool(body["message"])) == (True, True), body
            assert body["detail"] == body["message"]
            assert body["trace_id"] == answer.headers["X-Trace-ID"]


ODD_IDS = (
    "%00",
    "a%00b",
    "..%2f..",
    "%ff%fe",
    "x" * 5000,
    "%20",
    "'%20or%201=1",
    "%F0%9F%92%A9",
    "known%0d%0ax",
)


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_ids(http: httpx.AsyncClient, odd: str):
    for path in (
        "/threads/{}", "/threads/{}/state", "/threads/known/state/{}", "/threads/{}/runs", "/threads/known/runs/{}",
        "/threads/known/runs/{}/stream", "/assistants/{}", "/assistants/{}/graph", "/approvals/{}",
        "/orchestration/{}/status", "/knowledge/{}/generations",
    ):  # fmt: skip
        answer = await http.get(path.format(odd))
        assert answer.status_code in (404, 422), (path, answer.text)


@pytest.mark.parametrize("query", [
    "limit=-1", "limit=99999999999999999999", "limit=x", "offset=-5", "offset=1e9", "status=%00", "select=%00",
])  # fmt: skip
async def test_queries(http: httpx.AsyncClient, query: str):
    for path in (
        "/threads/known/runs",
        "/approvals/pending",
        "/threads/known/history",
        "/threads/known/state",
    ):
        assert (await http.get(f"{path}?{query}")).status_code < 500


async def test_what_is_kept_is_clean(http: httpx.AsyncClient, file_database_url: str):
    answer = await http.post("/threads/known/runs", content=BODIES["NUL"])
    assert answer.status_code == 200
    with psycopg.connect(file_database_url) as connection:
        row = connection.execute("select kwargs->'input', metadata->>'a' from ops.runs").fetchone()
    assert row == ({"messages": "ab"}, "b")


async def test_too_much_is_refused(http: httpx.AsyncClient):
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    for content in (b"[" + b" " * 1_100_000 + b"]", pieces()):
        answer = await http.post("/threads", content=content)
        assert (answer.status_code, answer.json()["type"]) == (413, "too_large")


async def test_json_under_another_name_is_read(http: httpx.AsyncClient):
    answer = await http.post(
        "/threads", content='{"thread_id": "plain"}', headers={"content-type": "text/plain"}
    )
    assert answer.json()["thread_id"] == "plain"


async def test_strange_pages_and_names_are_refused(http: httpx.AsyncClient):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Host": "rebound.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "evil@localhost"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        answer = await http.post("/threads", json={}, headers=headers)
        assert answer.status_code == 403, headers
    for origin in ("http://localhost:3000", "https://smith.langchain.com"):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Private-Network": "true"}  # fmt: skip
        answer = await http.options("/threads", headers=asked)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == origin


async def test_a_body_with_two_lengths_is_refused(http: httpx.AsyncClient):
    """What stands before this server may have believed the other one."""
    both = {"Content-Length": "2", "Transfer-Encoding": "chunked"}
    answer = await http.post("/threads", content=b"{}", headers=both)
    assert (answer.status_code, "two lengths" in answer.json()["message"]) == (400, True)


async def test_ids_go_from_the_request_to_the_run(http: httpx.AsyncClient):
    headers = {"X-Trace-ID": "trace-7", "X-Session-ID": "session-9"}
    answer = await http.post("/threads/known/runs", json=CHAT, headers=headers)
    assert (answer.headers["X-Trace-ID"], answer.headers["X-Session-ID"]) == (
        "trace-7",
        "session-9",
    )
    about = answer.json()["metadata"]
    assert (about["trace_id"], about["session_id"]) == ("trace-7", "session-9")
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    traced = await http.get("/ok", headers=parent)
    assert traced.headers["X-Trace-ID"] == "0af7651916cd43dd8448eb211c80319c"
    made = await http.get("/ok", headers={"X-Trace-ID": "bad\x7fid"})
    assert len(made.headers["X-Trace-ID"]) == 32


async def test_health(http: httpx.AsyncClient):
    assert (await http.get("/health/live")).json() == {"status": "ok"}
    assert (await http.get("/health/ready")).json()["status"] == "ok"
    body = (await http.get("/health")).json()
    assert (body["status"], body["postgres"]["status"], body["qdrant"]["status"]) == (
        "degraded",
        "ok",
        "unavailable",
    )
    assert body["workers"]["alive"] == 0
    assert (await http.get("/info")).json()["flags"]["assistants"] is True


@pytest.mark.parametrize("host", ["192.168.1.7", "0:0:0:0:0:0:0:0", "example.org"])
async def test_an_open_server_needs_a_key(host: str):
    with pytest.raises(BadSetting, match="loopback only"):
        create_app(settings("postgresql://x", api_host=host), GRAPHS)
    create_app(settings("postgresql://x", api_host=host, kb_auth="required"), GRAPHS)


async def test_the_key_is_asked_for(database_url: str):
    closed = settings(
        database_url, api_host="192.168.1.7", kb_auth="required", kb_api_key=SecretStr("s3cret")
    )
    app = create_app(closed, GRAPHS)
    async with http_of(app, "http://server.example") as client:
        assert (await client.get("/ok")).status_code == 200
        for headers in ({}, {"X-Api-Key": "wrong"}, {"Authorization": "Bearer "}):
            assert (await client.post("/threads", json={}, headers=headers)).status_code == 401
        for headers in ({"X-Api-Key": "s3cret"}, {"Authorization": "Bearer s3cret"}):
            assert (await client.post("/threads", json={}, headers=headers)).status_code == 200
