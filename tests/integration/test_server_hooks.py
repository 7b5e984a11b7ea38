"""Pushes that git servers tell of: believed by their signature alone, counted once, never a 5xx."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from pydantic import SecretStr

from graph.server.app import create_app
from graph.server.hooks import MOST_BYTES
from graph.settings import ReaderSettings
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.http_of_app import http_of

SECRET = "correct horse"
NEXT = "battery staple é"
SHA = "a" * 40
REPOSITORY = {"full_name": "team/repo", "default_branch": "main"}
HUB = {"ref": "refs/heads/main", "before": "b" * 40, "after": SHA, "repository": REPOSITORY,
       "pusher": {"name": "ann"}}  # fmt: skip
TEA = {**HUB, "pusher": {"id": 1, "login": "ann", "username": "ann"}}
LAB = {"object_kind": "push", "event_name": "push", "ref": "refs/heads/main", "after": SHA,
       "checkout_sha": SHA, "user_username": "ann", "user_name": "Ann",
       "project": {"path_with_namespace": "team/repo", "default_branch": "main"}}  # fmt: skip


def settings(database_url: str, **more: Any) -> ReaderSettings:
    given: dict[str, Any] = {"git_webhook_secret": SecretStr(f"{SECRET}, {NEXT}"), **more}
    return ReaderSettings(
        database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1", **given
    )


async def client(database_url: str, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(settings(database_url, **more), GRAPHS)
    async with http_of(app) as http:
        http.app = app  # type: ignore[attr-defined]
        yield http


# One server for all of it; what a test left in the database goes with the test.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def database_url(file_database_url: str) -> Iterator[str]:
    yield file_database_url
    with psycopg.connect(file_database_url) as connection:
        connection.execute("truncate ops.pushes, ops.threads cascade")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(file_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async for one in client(file_database_url):
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: httpx.AsyncClient, database_url: str) -> httpx.AsyncClient:
    return server


def signed(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def github(body: bytes, delivery: str = "d-1", secret: str = SECRET, event: str = "push") -> dict:
    return {"X-GitHub-Event": event, "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": f"sha256={signed(body, secret)}",
            "Content-Type": "application/json"}  # fmt: skip


def gitea(body: bytes, name: str = "Gitea") -> dict:
    digest = signed(body)
    return {f"X-{name}-Event": "push", f"X-{name}-Delivery": "d-1", f"X-{name}-Signature": digest,
            "X-GitHub-Event": "push", "X-GitHub-Delivery": "other",
            "X-Hub-Signature-256": f"sha256={digest}"}  # fmt: skip


def gitlab(token: str = SECRET, **more: str) -> dict:
    return {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": token, "X-Gitlab-Event-UUID": "d-1",
            **more}  # fmt: skip


def standard(body: bytes, moment: int, key: str = SECRET) -> dict:
    raw = base64.b64decode(key[6:]) if key.startswith("whsec_") else key.encode()
    digest = hmac.new(raw, f"m-1.{moment}.".encode() + body, hashlib.sha256).digest()
    said = base64.b64encode(digest).decode()
    return {"X-Gitlab-Event": "Push Hook", "webhook-id": "m-1", "webhook-timestamp": str(moment),
            "webhook-signature": f"v1,AAAA v1,{said}"}  # fmt: skip


async def tell(
    http: httpx.AsyncClient, payload: Any, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    chosen = github(body) if headers is None else headers
    raw = [(name.encode(), one.encode("utf-8")) for name, one in chosen.items()]
    answer = await http.post("/hooks/git", content=body, headers=raw)
    if answer.is_error:
        said = answer.json()
        assert (bool(said["type"]), bool(said["message"])) == (True, True), said
    return answer


async def pushes(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    pool = http.app.state.parts.database.pool  # type: ignore[attr-defined]
    async with pool.connection() as connection:
        return await (await connection.execute("select * from ops.pushes")).fetchall()


BODY = json.dumps(HUB).encode()
TEA_BODY = json.dumps(TEA).encode()
LAB_BODY = json.dumps(LAB).encode()
NOW = int(time.time())


@pytest.mark.parametrize(("provider", "body", "headers"), [
    ("github", BODY, github(BODY)),
    ("github", BODY, github(BODY, secret=NEXT)),
    ("gitea", TEA_BODY, gitea(TEA_BODY)),
    ("gitea", TEA_BODY, gitea(TEA_BODY, "Forgejo")),
    ("gitlab", LAB_BODY, gitlab()),
    ("gitlab", LAB_BODY, gitlab(NEXT)),
])  # fmt: skip
async def test_a_push_is_recorded_whoever_tells_of_it(
    http: httpx.AsyncClient, provider: str, body: bytes, headers: dict[str, str]
):
    answer = await tell(http, body, headers)
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"status": "recorded", "delivery_id": f"{provider}:d-1", "why": "",
                             "branch": "main", "commit": SHA}  # fmt: skip
    (row,) = await pushes(http)
    assert (row["provider"], row["repository"], row["after_sha"], row["pusher"]) == (
        provider, "team/repo", SHA, "ann",
    )  # fmt: skip
    shown = await http.get(f"/hooks/git/{provider}:d-1")
    assert (shown.json()["taken_at"], shown.json()["dagster_runs"]) == (None, [])


async def test_gitlabs_signature_has_a_moment(database_url: str):
    key = "whsec_" + base64.b64encode(b"k" * 24).decode()
    async for http in client(database_url, git_webhook_secret=SecretStr(key)):
        now = int(time.time())
        assert (await tell(http, LAB_BODY, standard(LAB_BODY, now, key))).status_code == 202
        for moment in (now - 400, now + 400):
            late = await tell(http, LAB_BODY, standard(LAB_BODY, moment, key))
            assert (late.status_code, "clocks" in late.json()["hint"]) == (401, True)
        other = {**standard(LAB_BODY, now, key), "webhook-id": "m-2"}
        assert (await tell(http, LAB_BODY, other)).status_code == 401
        unsigned = {
            **standard(LAB_BODY, now, key),
            "webhook-signature": "v1,",
            "X-Gitlab-Token": key,
        }
        assert (await tell(http, LAB_BODY, unsigned)).status_code == 401
        assert len(await pushes(http)) == 1


GOOD = github(BODY)["X-Hub-Signature-256"]
SIGNATURES: dict[str, str | None] = {
    "missing": None,
    "empty": "",
    "wrong": "sha256=" + "0" * 64,
    "truncated": GOOD[:-2],
    "longer": GOOD + "0",
    "upper case": GOOD.upper(),
    "of another key": "sha256=" + signed(BODY, "guess"),
    "of the empty key": "sha256=" + signed(BODY, ""),
    "of both keys as one": "sha256=" + signed(BODY, f"{SECRET}, {NEXT}"),
    "of another body": "sha256=" + signed(BODY + b" "),
    "of the same JSON in another order": "sha256="
    + signed(json.dumps(dict(reversed(list(HUB.items())))).encode()),
    "sha1": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
    "unicode": "sha256=é✓😀" + "0" * 60,
    "the secret itself": SECRET,
    "huge": "sha256=" + "0" * 50_000,
}


@pytest.mark.parametrize("name", SIGNATURES)
async def test_what_is_not_signed_right_is_refused_and_leaves_nothing(
    http: httpx.AsyncClient, name: str
):
    headers = github(BODY)
    del headers["X-Hub-Signature-256"]
    if (said := SIGNATURES[name]) is not None:
        headers["X-Hub-Signature-256"] = said
    answer = await tell(http, BODY, headers)
    assert answer.status_code == 401, name
    assert SECRET not in answer.text
    assert await pushes(http) == []


@pytest.mark.parametrize(
    "token", ["", "correct hors", "correct horsee", "é", "null", f"{SECRET}, {NEXT}"]
)
async def test_a_wrong_token_of_gitlab_is_refused(http: httpx.AsyncClient, token: str):
    assert (await tell(http, LAB_BODY, gitlab(token))).status_code == 401
    headers = gitlab()
    del headers["X-Gitlab-Token"]
    assert (await tell(http, LAB_BODY, headers)).status_code == 401


async def test_a_delivery_counts_once(http: httpx.AsyncClient):
    assert (await tell(http, HUB)).status_code == 202
    before = await pushes(http)
    again = await tell(http, HUB)
    assert (again.status_code, again.json()["status"]) == (200, "known")
    for headers in (github(BODY, "d-9"), {**gitea(BODY), "X-Gitea-Delivery": "d-9"}):
        assert (await tell(http, BODY, headers)).json()["status"] != "recorded"
    changed = json.dumps({**HUB, "after": "c" * 40}).encode()
    assert (await tell(http, changed, github(changed))).json()["status"] == "known"
    assert await pushes(http) == before
    assert (await tell(http, changed, github(changed, "d-2"))).status_code == 202


@pytest.mark.parametrize("secret", ["", " ", ",", " , "])
async def test_without_a_secret_it_is_closed(database_url: str, secret: str):
    async for http in client(database_url, git_webhook_secret=SecretStr(secret)):
        for headers in (github(BODY), github(BODY, secret=""), gitlab(""), gitlab(secret)):
            answer = await tell(http, BODY, headers)
            assert (answer.status_code, "GIT_WEBHOOK_SECRET" in answer.json()["hint"]) == (
                503,
                True,
            )
        assert await pushes(http) == []


async def test_what_is_no_push_to_the_branch_is_answered_and_ignored(http: httpx.AsyncClient):
    ping = b'{"zen": "Keep it logically awesome.", "hook_id": 1}'
    assert (await tell(http, ping, github(ping, event="ping"))).json()["status"] == "pong"
    issue = b'{"action": "opened"}'
    for payload, headers, why in (
        (issue, github(issue, event="issues"), "issues is no push"),
        ({**HUB, "ref": "refs/tags/main"}, None, "is no branch"),
        ({**HUB, "after": "0" * 40, "deleted": True}, None, "main was deleted"),
        ({**LAB, "object_kind": "tag_push", "event_name": "tag_push"},
         {**gitlab(), "X-Gitlab-Event": "Tag Push Hook"}, "no push"),
    ):  # fmt: skip
        answer = await tell(http, payload, headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "ignored"), answer.text
        assert why in answer.json()["why"]
    assert await pushes(http) == []


async def test_of_a_repository_on_this_machine_any_branch_may_be_checked_out(
    http: httpx.AsyncClient, database_url: str
):
    draft = {**HUB, "ref": "refs/heads/draft"}
    assert (await tell(http, draft)).status_code == 202
    async for other in client(database_url, knowledge_repository="ssh://git@host/team/repo.git"):
        assert "is not the branch main" in (await tell(other, draft)).json()["why"]


async def test_only_the_configured_branch_and_repository_count(database_url: str):
    more = {
        "knowledge_branch": "docs",
        "knowledge_repository": "ssh://git@host/group/team/repo.git",
    }
    async for http in client(database_url, **more):
        assert "is not the branch docs" in (await tell(http, HUB)).json()["why"]
        mine = {**HUB, "ref": "refs/heads/docs"}
        other = {**mine, "repository": {"full_name": "team/other", "default_branch": "main"}}
        assert "not from team/other" in (await tell(http, other)).json()["why"]
        assert (await tell(http, mine)).status_code == 202
        (row,) = await pushes(http)
        assert row["ref"] == "refs/heads/docs"


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "not json": b"{",
    "a form": b"payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%7D",
    "a list": b"[]",
    "null": b"null",
    "not utf-8": b'{"ref": "\xff"}',
    "too deep": b"[" * 50_000 + b"]" * 50_000,
    "no ref": json.dumps({**HUB, "ref": None}).encode(),
    "a sha that is none": json.dumps({**HUB, "after": "../../etc"}).encode(),
    "a long ref": json.dumps({**HUB, "ref": "refs/heads/" + "x" * 5000}).encode(),
    "no repository": json.dumps({"ref": "refs/heads/main", "after": SHA}).encode(),
    "NUL": b'{"ref": "refs/heads/main\\u0000", "after": 7}',
    "of another provider": LAB_BODY,
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_malformed_is_said(http: httpx.AsyncClient, name: str):
    answer = await tell(http, MALFORMED[name])
    assert answer.status_code == 422, answer.text
    assert await pushes(http) == []


async def test_who_sent_it_must_be_plain(http: httpx.AsyncClient):
    nobody = {"X-Hub-Signature-256": GOOD, "X-GitHub-Delivery": "d-1"}
    assert (await tell(http, BODY, nobody)).status_code == 400
    for delivery in ("", "x" * 201, "a b", "é"):
        assert (await tell(http, BODY, github(BODY, delivery))).status_code == 400, delivery
    assert await pushes(http) == []


async def test_a_large_push_is_taken_and_a_huge_one_is_not(http: httpx.AsyncClient):
    large = json.dumps({**HUB, "commits": ["x" * 1000] * 4000}).encode()
    assert 1_000_000 < len(large) < MOST_BYTES
    assert (await tell(http, large)).status_code == 202
    huge = json.dumps({**HUB, "commits": ["x" * 1000] * 5100}).encode()
    assert (await tell(http, huge)).status_code == 413
    assert (await http.post("/threads", content=large)).status_code == 413


async def test_a_push_needs_no_key_and_everything_else_does(database_url: str):
    more = {"kb_auth": "required", "kb_api_key": SecretStr("k")}
    async for http in client(database_url, **more):
        assert (await tell(http, HUB)).status_code == 202
        assert (await http.get("/hooks/git/github:d-1")).status_code == 401
        key = {"X-Api-Key": "k"}
        assert (await http.get("/hooks/git/github:d-1", headers=key)).status_code == 200
        assert (await http.get("/hooks/git/nobody", headers=key)).status_code == 404
        assert (await http.post("/knowledge/ingest", json={})).status_code == 401
