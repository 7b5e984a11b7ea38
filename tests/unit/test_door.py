"""The door without a database: the table of roles, limits, tokens, headers, and what logs may say."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from pydantic import SecretStr

from graph.server.app import create_app
from graph.server.door import tokens
from graph.server.door.keys import KEY, digest_of, new_key
from graph.server.door.limits import Limits, Rates
from graph.server.door.roles import INCLUDED, all_of
from graph.server.door.route_finder import RouteFinder
from graph.server.door.route_roles import ROUTE_ROLES, access_of, is_privileged
from graph.server.errors import ApiError
from graph.settings import ReaderSettings
from kb_contract.errors import BadSetting

ISSUER, AUDIENCE = "https://id.example.org/", "scriptorium"


def settings(**more: Any) -> ReaderSettings:
    return ReaderSettings(
        database_url=SecretStr("postgresql://ann:very-secret@127.0.0.1:1/none"),
        qdrant_url="http://127.0.0.1:1",
        **more,
    )


@pytest.fixture(scope="module")
def finder() -> RouteFinder:
    return RouteFinder.of(create_app(settings(), {}))


def declared(finder: RouteFinder) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in finder.routes
        for method in (("WS",) if route.socket else route.methods or ("ANY",))
        if method != "HEAD"
    }


def test_every_route_has_a_role(finder: RouteFinder):
    without = [one for one in declared(finder) if access_of(*one) is None]
    assert not without, f"name them in graph/server/door/route_roles.py: {sorted(without)}"


def test_every_role_is_of_a_route(finder: RouteFinder):
    paths = {path for _, path in declared(finder)}
    known = {f"{method} {path}" for method, path in declared(finder)}
    known |= {f"ANY {path}" for path in paths}
    # Only `kb serve` mounts the console.
    assert set(ROUTE_ROLES) - known == {"ANY /console"}


def test_reading_asks_for_a_viewer_but_where_money_is_read(finder: RouteFinder):
    reading = {path: access_of("GET", path) for method, path in declared(finder) if method == "GET"}
    assert {path for path, one in reading.items() if one not in ("open", "viewer")} == {"/costs"}


def test_only_known_routes_are_open(finder: RouteFinder):
    opened = {f"{m} {p}" for m, p in declared(finder) if access_of(m, p) == "open"}
    assert opened == {
        "GET /ok", "GET /info", "GET /health/live", "GET /health/ready", "POST /hooks/git",
        "GET /approvals/links/{token}", "POST /approvals/links/{token}/{answer}",
        "GET /openapi.json", "GET /docs", "GET /docs/{asset}",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/threads/a/runs/b/stream", "/threads/{thread_id}/runs/{run_id}/stream"),
        ("POST", "/runs/crons", "/runs/crons"),
        ("GET", "/store/items", "/store/items"),
        ("POST", "/threads/prune", "/threads/prune"),
        ("GET", "/knowledge/operations/generations", "/knowledge/{agent_id}/generations"),
        ("GET", "/no/such/path", None),
        ("PUT", "/threads", None),
    ],
)
def test_a_route_is_found_as_the_router_finds_it(
    finder: RouteFinder, method: str, path: str, route: str | None
):
    found = finder.find({"type": "http", "method": method, "path": path})
    assert found.path == route
    assert (found.allowed == {"POST"}) is (path == "/threads")


def test_roles_include_what_they_say():
    assert all_of(["approver"]) == {"viewer", "asker", "approver"}
    assert "approver" not in all_of(["operator"])
    assert all_of(["admin"]) == set(INCLUDED)
    assert all_of(["root", ""]) == frozenset()
    assert is_privileged("POST", "operator")
    assert not is_privileged("GET", "admin")


def test_a_key_is_random_and_kept_as_a_digest():
    one, two = new_key(), new_key()
    read = KEY.fullmatch(one.text)
    assert read is not None
    assert (read[1], digest_of(read[2])) == (one.key_id, one.digest)
    assert one.digest != two.digest
    assert read[2] not in one.digest


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_flood_waits_and_others_do_not():
    clock = Clock()
    limits = Limits(per_user=60, rates=Rates(clock))
    for _ in range(60):
        with limits.inside("key a", "ann"):
            pass
    with pytest.raises(ApiError) as refused, limits.inside("key a", "ann"):
        pass
    assert refused.value.status_code == 429
    assert refused.value.headers == {"Retry-After": "1"}
    with limits.inside("key b", "bob"):
        pass
    clock.now += 1
    with limits.inside("key a", "ann"):
        pass


def test_many_names_with_one_key_are_one_key():
    limits = Limits(per_key=10, per_user=100, rates=Rates(Clock()))
    for n in range(10):
        with limits.inside("KB_API_KEY", f"user {n}"):
            pass
    with pytest.raises(ApiError), limits.inside("KB_API_KEY", "user 11"):
        pass


def test_requests_at_one_time_are_counted_out_again():
    limits = Limits(at_one_time=2)
    with limits.inside("k", "ann"), limits.inside("k", "ann"):
        with pytest.raises(ApiError), limits.inside("k", "ann"):
            pass
        with limits.inside("k", "bob"):
            pass
    with limits.inside("k", "ann"):
        pass


@pytest.fixture(scope="module")
def private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def check(tmp_path: Path, private: rsa.RSAPrivateKey) -> tokens.TokenCheck:
    key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
    place = tmp_path / "jwks.json"
    place.write_text(json.dumps({"keys": [{**key, "kid": "one", "alg": "RS256", "use": "sig"}]}))
    found = tokens.token_check(
        settings(kb_jwt_issuer=ISSUER, kb_jwt_audience=AUDIENCE, kb_jwt_jwks=str(place))
    )
    assert found is not None
    return found


def claims(**changes: Any) -> dict[str, Any]:
    usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": time.time() + 300,
             "roles": ["asker"], "kb_agents": ["hr"]}  # fmt: skip
    return {name: one for name, one in {**usual, **changes}.items() if one is not None}


def signed(private: Any, said: dict[str, Any], algorithm: str = "RS256", kid: str = "one") -> str:
    return jwt.encode(said, private, algorithm=algorithm, headers={"kid": kid})


async def test_a_token_says_who_calls(check: tokens.TokenCheck, private: rsa.RSAPrivateKey):
    caller, _ = await check.caller(signed(private, claims()))
    assert (caller.name, caller.agents) == ("ann", frozenset({"hr"}))
    assert caller.roles == {"viewer", "asker"}
    caller, _ = await check.caller(signed(private, claims(roles="approver nobody", kb_agents=None)))
    assert caller.roles == {"viewer", "asker", "approver"}
    assert caller.agents is None
    nothing, _ = await check.caller(signed(private, claims(roles={"admin": True}, kb_agents={})))
    assert nothing.roles == frozenset()
    assert nothing.agents == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example/"},
        {"aud": "another"},
        {"exp": time.time() - 3600},
        {"exp": None},
        {"sub": None},
        {"aud": None},
        {"nbf": time.time() + 3600},
        {"kb_workspace": "another"},
        {"sub": "a\nb"},
        {"sub": ""},
        {"sub": " "},
        {"sub": "a" * 256},
        {"iat": time.time() + 3600},
        {"aud": AUDIENCE + "x"},
        {"kb_workspace": ["default"]},
    ],
)
async def test_a_token_of_another_kind_is_refused(
    check: tokens.TokenCheck, private: rsa.RSAPrivateKey, changes: dict[str, Any]
):
    with pytest.raises(ApiError) as refused:
        await check.caller(signed(private, claims(**changes)))
    assert refused.value.status_code == 401


async def test_a_token_that_others_signed_is_refused(
    check: tokens.TokenCheck, private: rsa.RSAPrivateKey
):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    [public] = [one["n"] for one in json.loads(Path(check.keys.place).read_text())["keys"]]
    forged = [
        signed(other, claims()),
        signed(private, claims(), kid="unknown"),
        signed("x" * 40, claims(), "HS256"),
        signed(public, claims(), "HS256"),
        jwt.encode(claims(), None, algorithm="none", headers={"kid": "one"}),
        signed(private, claims())[:-4] + "AAAA",
        "a.b.c",
        "..",
    ]
    for one in forged:
        with pytest.raises(ApiError) as refused:
            await check.caller(one)
        assert refused.value.status_code == 401


async def test_unknown_keys_are_not_looked_for_at_every_token(
    check: tokens.TokenCheck, private: rsa.RSAPrivateKey
):
    await check.caller(signed(private, claims()))
    Path(check.keys.place).unlink()
    for kid in ("two", "three"):
        with pytest.raises(ApiError):
            await check.caller(signed(private, claims(), kid=kid))


@pytest.mark.parametrize(
    "said",
    [
        {"kb_jwt_issuer": ISSUER},
        {"kb_jwt_issuer": ISSUER, "kb_jwt_audience": "a"},
        {"kb_jwt_issuer": ISSUER, "kb_jwt_audience": "a", "kb_jwt_jwks": "http://id.example/keys"},
    ],
)
def test_half_a_setting_for_tokens_is_refused(said: dict[str, str]):
    with pytest.raises(BadSetting):
        create_app(settings(**said), {})


@pytest.mark.parametrize(
    ("path", "found"),
    [("/pages", "/pages"), ("/pages/", "/pages"), ("/pages/a/b", "/pages"), ("/pagesque", None)],
)
def test_what_is_mounted_is_found_without_its_slash_too(path: str, found: str | None):
    app = FastAPI()
    app.mount("/pages", FastAPI())
    scope = {"type": "http", "path": path, "method": "GET"}
    assert RouteFinder.of(app).find(scope).path == found
