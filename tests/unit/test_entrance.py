"""The whole app with its database away: what the door refuses, it refuses before anything else is asked."""

import base64
import hashlib
import json
import re
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from fastapi import FastAPI
from pydantic import SecretStr

from graph.server.app import create_app
from graph.server.database import Database, server_pool
from graph.server.door.authentication import Authentication
from graph.server.door.entrance import Doorkeeper
from graph.server.door.limits import Limits
from graph.server.door.roles import INCLUDED
from graph.server.door.route_finder import RouteFinder
from graph.server.door.route_roles import access_of, is_privileged
from graph.server.door.tickets import Tickets
from graph.server.door.tokens import token_check
from graph.server.request_counts import RequestMetrics
from graph.settings import ReaderSettings

ISSUER, AUDIENCE = "https://id.example.org/", "scriptorium"
PRIVATE = ed25519.Ed25519PrivateKey.generate()


def token(name: str, *roles: str) -> str:
    said = {"iss": ISSUER, "aud": AUDIENCE, "sub": name, "exp": time.time() + 300, "roles": roles}
    return jwt.encode(said, PRIVATE, algorithm="EdDSA", headers={"kid": "one"})


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ReaderSettings:
    public: Any = jwt.algorithms.OKPAlgorithm.to_jwk(PRIVATE.public_key(), as_dict=True)
    place = tmp_path_factory.mktemp("keys") / "jwks.json"
    place.write_text(json.dumps({"keys": [{**public, "kid": "one", "alg": "EdDSA"}]}))
    return ReaderSettings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        qdrant_url="http://127.0.0.1:1",
        kb_auth="required",
        kb_jwt_issuer=ISSUER,
        kb_jwt_audience=AUDIENCE,
        kb_jwt_jwks=str(place),
        cors_origins="http://server.example",
    )


@pytest.fixture(scope="module")
def made(settings: ReaderSettings) -> FastAPI:
    """As it is before the first connection; it stays so."""
    return create_app(settings, {})


@pytest.fixture
def app(settings: ReaderSettings, made: FastAPI) -> FastAPI:
    """Give it a doorkeeper who has seen nobody yet."""
    database = Database(server_pool(settings.database_url, largest=1), settings.workspace_id)
    door = Authentication(settings, database, token_check(settings))
    limits = Limits(at_one_time=4)
    finder = RouteFinder.of(made)
    made.state.doorkeeper = Doorkeeper(
        door, limits, finder, database, RequestMetrics(), Tickets(database)
    )
    return made


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server.example") as client:
        yield client


def sent(said: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {said}", **more}


async def test_what_a_role_may_not_it_may_not(app: FastAPI, http: httpx.AsyncClient):
    wrong: list[str] = []
    for route in RouteFinder.of(app).routes:
        for method in route.methods or () if not route.socket else ():
            access = access_of(method, route.path)
            for role in INCLUDED:
                if access == "open" or access in INCLUDED[role]:
                    continue
                path = re.sub(r"\{[^}]+\}", "none", route.path)
                reply = await http.request(method, path, headers=sent(token("ann", role)), json={})
                # A refusal of something privileged is written down; it cannot be, so nothing goes on.
                right = {503} if access and is_privileged(method, access) else {403}
                if reply.status_code not in right:
                    wrong.append(f"{method} {route.path} as {role}: {reply.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_nobody_without_a_name_passes(app: FastAPI, http: httpx.AsyncClient):
    for route in RouteFinder.of(app).routes:
        for method in route.methods or () if not route.socket else ():
            if access_of(method, route.path) != "open":
                path = re.sub(r"\{[^}]+\}", "none", route.path)
                reply = await http.request(method, path, headers=sent("a.b.c"))
                assert reply.status_code in (401, 429), f"{method} {route.path}"


async def test_what_cannot_be_written_down_is_not_done(http: httpx.AsyncClient):
    reply = await http.post("/knowledge/ingest", json={}, headers=sent(token("olga", "operator")))
    assert (reply.status_code, reply.json()["type"]) == (503, "unavailable")


async def test_the_door_says_why_in_one_form(http: httpx.AsyncClient):
    viewer = sent(token("ann", "viewer"), **{"X-Trace-ID": "t-1"})
    for method, path, status in (
        ("GET", "/no/such/path", 404),
        ("PUT", "/threads", 405),
        ("POST", "/plan", 403),
        ("POST", "/v1/chat/completions", 403),
    ):
        reply = await http.request(method, path, headers=viewer)
        said = reply.json()
        assert reply.status_code == status
        assert {"type", "message", "hint", "trace_id"} <= set(said)
        assert said["trace_id"] == "t-1"
        assert ("error" in said) is path.startswith("/v1/")
    assert said["error"] == {"message": said["message"], "type": "forbidden", "param": None, "code": "403"}  # fmt: skip


async def test_the_page_of_the_api_opens_without_a_key_and_loads_what_is_ours(
    http: httpx.AsyncClient,
):
    page = await http.get("/docs")
    said = [one.split() for one in page.headers["Content-Security-Policy"].split(";")]
    policy = {name: allowed for name, *allowed in said}
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == ["'self'", f"'sha256-{digest}'"]
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", page.text)
    named = re.findall(r"""["'](https?:|//)[^"']*["']""", script)
    assert {one.rsplit(".", 1)[1] for one in loaded} == {"js", "css", "png"}
    assert not named
    kinds = {
        "js": "text/javascript",
        "css": "text/css",
        "png": "image/png",
        "json": "application/json",
    }
    for place in (*loaded, "/openapi.json"):
        part = await http.get(place)  # an address of elsewhere would not reach the app
        assert (part.status_code, place.startswith("/")) == (200, True), place
        assert part.headers["Content-Type"].startswith(kinds[place.rsplit(".", 1)[1]])
        assert len(part.content) > 1000


async def test_nothing_else_is_served_beside_that_page(http: httpx.AsyncClient):
    for path in ("/docs/none.js", "/docs/redoc.standalone.js", "/docs/..%2fcore.py", "/redoc"):
        reply = await http.get(path, headers=sent(token("ann", "viewer")))
        assert reply.status_code == 404, path
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Cookie": "s=1"}, True),
        ({"Cookie": "s=1", "Origin": "http://server.example"}, False),
        ({"Cookie": "s=1", "Origin": "http://localhost:9999"}, True),
        ({"Cookie": "s=1", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Cookie": "s=1", "Sec-Fetch-Site": "cross-site"}, True),
        ({"Origin": "https://evil.example"}, True),
        ({}, False),
    ],
)
async def test_pages_elsewhere_change_nothing(
    http: httpx.AsyncClient, headers: dict[str, str], refused: bool
):
    asker = sent(token("ann", "asker"), **headers)
    reply = await http.post("/threads/t/commands", json={}, headers=asker)
    assert reply.status_code == (403 if refused else 501), reply.text


async def test_requests_are_counted_by_route(app: FastAPI, http: httpx.AsyncClient):
    for n in range(3):
        await http.post(f"/approvals/{n}/approve", headers=sent(token("ann", "viewer")))
    counted = app.state.doorkeeper.metrics.registry.get_sample_value(
        "scriptorium_http_requests_total",
        {"method": "POST", "route": "/approvals/{approval_id}/approve", "status": "403"},
    )
    assert counted == 3
