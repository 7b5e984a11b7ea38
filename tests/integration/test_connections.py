"""What a stranger sends before anybody is known costs the server next to nothing, and others are served meanwhile."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from graph.server.app import create_app
from graph.server.connections import BoundedProtocol
from graph.server.request_bodies import WholeBody
from graph.server.serving import server_config
from tests.conftest import free_port
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.two_tenants import door_settings, make_key

LIMIT = 60
HEADS = {
    "very many headers": b"GET /ok HTTP/1.1\r\nHost: s\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
    "a very long header": b"GET /ok HTTP/1.1\r\nHost: s\r\nA: " + b"a" * 5_000_000 + b"\r\n\r\n",
    "a very long address": b"GET /" + b"a" * 5_000_000 + b" HTTP/1.1\r\nHost: s\r\n\r\n",
}


@asynccontextmanager
async def served(config: uvicorn.Config) -> AsyncGenerator[str]:
    server = uvicorn.Server(config)
    life = asyncio.create_task(server.serve())
    while not server.started:
        assert not life.done()
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{config.port}"
    server.should_exit = True
    await life


@pytest.fixture
async def config(database_url: str) -> uvicorn.Config:
    settings = door_settings(database_url, "a", api_port=free_port())
    return server_config(settings, create_app(settings, GRAPHS))


async def said_to(url: str, sent: bytes) -> bytes:
    """All that is answered until the server closes."""
    place = httpx.URL(url)
    reader, writer = await asyncio.open_connection(place.host, place.port)
    async with asyncio.timeout(LIMIT):
        try:
            writer.write(sent)
            await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b"cut off"
        finally:
            writer.close()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
async def test_a_head_without_end_is_refused_while_others_are_served(
    config: uvicorn.Config, head: bytes
):
    async with served(config) as url, httpx.AsyncClient(base_url=url, timeout=LIMIT) as http:
        told = asyncio.create_task(said_to(url, head))
        assert (await http.get("/ok")).status_code == 200
        assert (await told).startswith((b"HTTP/1.1 400", b"cut off"))


@pytest.mark.parametrize("sent", [b"", b"GET /ok HTTP/1.1\r\nHost: s\r\n"], ids=["silence", "half"])
async def test_a_request_that_does_not_come_holds_no_connection(
    config: uvicorn.Config, sent: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(BoundedProtocol, "head_seconds", 0.1)
    async with served(config) as url:
        assert await said_to(url, sent) == b""


async def test_a_connection_that_goes_on_is_not_taken_for_a_silent_one(
    config: uvicorn.Config, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(BoundedProtocol, "head_seconds", 0.1)
    async with served(config) as url:
        place = httpx.URL(url)
        reader, writer = await asyncio.open_connection(place.host, place.port)
        for _ in range(2):
            writer.write(b"GET /ok HTTP/1.1\r\nHost: s\r\n\r\n")
            async with asyncio.timeout(LIMIT):
                assert b"200 OK" in await reader.readuntil(b'{"ok":true}')
            await asyncio.sleep(0.3)  # longer than a head may take, and idle meanwhile
        writer.close()


async def test_a_body_that_stops_is_told_so():
    sent: list[dict[str, object]] = []

    async def never() -> dict[str, object]:
        return await asyncio.Future()

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def app(*_: object) -> None:
        raise AssertionError("it was never whole")

    scope: dict[str, object] = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    await WholeBody(app, seconds=0.05)(scope, never, send)  # pyright: ignore[reportArgumentType]
    assert sent[0]["status"] == 408
    assert "did not come" in json.loads(bytes(sent[1]["body"]))["message"]  # pyright: ignore[reportArgumentType]


async def test_who_is_refused_hears_why_with_a_large_body_on_its_way(
    config: uvicorn.Config, database_url: str
):
    key = make_key(database_url, "a", "asker")
    body = json.dumps({"metadata": {"note": "x" * 900_000}}).encode()
    async with served(config) as url, httpx.AsyncClient(base_url=url, timeout=LIMIT) as http:
        stranger = await http.post("/threads", content=body)
        assert (stranger.status_code, stranger.json()["type"]) == (401, "not_authenticated")
        known = await http.post(
            "/threads", content=body, headers={"authorization": f"bearer {key}"}
        )
        assert known.status_code == 200
