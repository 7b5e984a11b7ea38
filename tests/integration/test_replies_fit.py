"""What routes really answer fits what the page of the API says of that status: plans, stops, and what is begun only."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import jsonschema
import pytest

from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.whole_reader import reader_settings, whole_reader

SECRET = "correct horse"
SEVERAL = "How many days of leave do employees have, and how does the VPN work?"


@dataclass(frozen=True)
class Fitting:
    """Calls a route by its declared path, and holds the reply against its schema."""

    http: httpx.AsyncClient
    spec: dict[str, Any]

    async def __call__(
        self, status: int, method: str, path: str, body: Any = None, **ids: str
    ) -> Any:
        reply = await self.http.request(method, path.format(**ids), json=body)
        return self.checked(status, method, path, reply)

    def checked(self, status: int, method: str, path: str, reply: httpx.Response) -> Any:
        assert reply.status_code == status, reply.text
        said = self.spec["paths"][path][method.lower()]["responses"][str(status)]
        schema = said["content"]["application/json"]["schema"]
        jsonschema.validate(reply.json(), {"components": self.spec["components"], **schema})
        return reply.json()


@pytest.fixture
async def ask(database_url: str) -> AsyncIterator[Fitting]:
    knowledge = InMemoryKnowledge()
    knowledge.add_document("hr", "leave.md", "# Leave\nEmployees have 28 days of leave a year.")
    knowledge.add_document("it", "vpn.md", "# VPN\nThe VPN works with certificates.")
    settings = reader_settings(database_url, query_timeout=20, git_webhook_secret=SECRET)
    async with (
        whole_reader(settings, knowledge) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as http,
    ):
        yield Fitting(http, (await http.get("/openapi.json")).json())


async def test_plans_are_made_checked_and_shortened(ask: Fitting):
    plan = (await ask(200, "POST", "/plan", {"question": SEVERAL}))["plan"]
    assert (await ask(200, "POST", "/validate", {"plan": plan}))["valid"]
    doubled = {**plan["steps"][0], "step_id": "again"}
    longer = {**plan, "steps": [*plan["steps"], doubled]}
    shorter = await ask(200, "POST", "/optimize", {"plan": longer})
    assert len(shorter["plan"]["steps"]) <= len(longer["steps"])
    await ask(200, "POST", "/classify", {"question": SEVERAL})
    await ask(422, "POST", "/optimize", {"plan": 7})


async def test_what_is_begun_is_followed_stopped_and_forgotten(ask: Fitting):
    begun = await ask(202, "POST", "/orchestrate", {"question": SEVERAL})
    session = begun["session_id"]
    await ask(200, "GET", "/orchestration/{session_id}/status", session_id=session)
    stopped = await ask(200, "DELETE", "/orchestration/{session_id}", session_id=session)
    assert stopped["status"] == "cancelled"
    again = await ask(200, "DELETE", "/orchestration/{session_id}", session_id=session)
    assert again["status"] == "cancelled"
    await ask(404, "DELETE", "/orchestration/{session_id}", session_id="nobody")
    one = await ask(
        202,
        "POST",
        "/agents/{agent_id}/execute",
        {"question": "leave?", "wait": False},
        agent_id="hr",
    )
    await ask(200, "GET", "/sessions/{session_id}", session_id=one["session_id"])
    waited = await ask(200, "POST", "/orchestrate", {"question": SEVERAL, "wait": True})
    await ask(201, "POST", "/feedback", {"answer_id": waited["answer_id"], "verdict": "up"})


async def test_a_run_that_waits_is_asked_to_stop(ask: Fitting):
    thread = (await ask(200, "POST", "/threads", {}))["thread_id"]
    later = {"assistant_id": "scriptorium", "input": {"question": "x"}, "after_seconds": 3600}
    run = await ask(200, "POST", "/threads/{thread_id}/runs", later, thread_id=thread)
    ids = {"thread_id": thread, "run_id": run["run_id"]}
    await ask(202, "POST", "/threads/{thread_id}/runs/{run_id}/cancel", None, **ids)


async def test_the_writer_is_asked_once(ask: Fitting):
    path = "/knowledge/ingest"
    for status in (202, 200):
        reply = await ask.http.post(
            path, json={"agents": ["hr"]}, headers={"Idempotency-Key": "nightly"}
        )
        ask.checked(status, "POST", path, reply)


async def test_a_push_is_told_once(ask: Fitting):
    body = json.dumps({
        "ref": "refs/heads/main", "after": "a" * 40, "pusher": {"name": "ann"},
        "repository": {"full_name": "team/repo", "default_branch": "main"},
    }).encode()  # fmt: skip
    headers = {
        "X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1",
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
    }  # fmt: skip
    for status, said in ((202, "recorded"), (200, "known")):
        reply = await ask.http.post("/hooks/git", content=body, headers=headers)
        assert ask.checked(status, "POST", "/hooks/git", reply)["status"] == said
