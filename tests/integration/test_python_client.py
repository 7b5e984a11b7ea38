"""The Python client against the whole reader: both of its forms do the same, and the documented lines run."""

import asyncio
import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kb.client import AsyncClient, Client, ServerSaid
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import make_key
from tests.doubles.whole_reader import reader_settings, whole_reader

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
PAGE = Path(__file__).parents[2] / "docs" / "python.md"
QUESTION = "How do I undo the last commit but keep my changes?"
UNDO = "# Undo\nTo undo the last commit but keep your changes, run git reset --soft HEAD~1."
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
async def url(database_url: str) -> AsyncIterator[str]:
    knowledge = InMemoryKnowledge()
    knowledge.add_document("git_recipes", "undo.md", UNDO)
    knowledge.add_document("handbook", "pr.md", "# Pull requests\nA pull request must have a test.")
    settings = reader_settings(database_url, kb_auth="required")
    async with whole_reader(settings, knowledge) as address:
        yield address


def used(client: Client) -> dict[str, Any]:
    """All that an app asks, with the client that waits."""
    lanes: list[str] = []
    answer = client.ask(QUESTION, on_event=lambda one: lanes.append(one["lane"]))
    events = list(client.stream(QUESTION, agent="git_recipes", lanes=["answer"]))
    waits = client.ask("Refresh the knowledge of git_recipes")
    [pending] = client.approvals(thread=waits["thread_id"])
    rejected = client.reject(pending["approval_id"], message="not now")
    return {
        "answer": answer,
        "lanes": lanes,
        "streamed": events,
        "verified": client.cite.verify(answer["answer_id"]),
        "waits": waits["status"],
        "rejected": rejected,
        "left": client.approvals(thread=waits["thread_id"]),
        "plan": client.plan(QUESTION)["plan"],
        "valid": client.validate(client.plan(QUESTION)["plan"])["valid"],
        "type": client.classify(QUESTION)["query_type"],
        "agents": {one["agent_id"] for one in client.agents()},
        "asked_for": client.ingest(["handbook"], key="k-1", wait=False),
        "again": client.ingest(["handbook"], key="k-1", wait=False),
    }


async def used_async(client: AsyncClient) -> dict[str, Any]:
    """The same with the other one."""
    lanes: list[str] = []
    answer = await client.ask(QUESTION, on_event=lambda one: lanes.append(one["lane"]))
    stream = client.stream(QUESTION, agent="git_recipes", lanes=["answer"])
    events = [one async for one in stream]
    waits = await client.ask("Refresh the knowledge of git_recipes")
    [pending] = await client.approvals(thread=waits["thread_id"])
    rejected = await client.reject(pending["approval_id"], message="not now")
    plan = (await client.plan(QUESTION))["plan"]
    return {
        "answer": answer,
        "lanes": lanes,
        "streamed": events,
        "verified": await client.cite.verify(answer["answer_id"]),
        "waits": waits["status"],
        "rejected": rejected,
        "left": await client.approvals(thread=waits["thread_id"]),
        "plan": plan,
        "valid": (await client.validate(plan))["valid"],
        "type": (await client.classify(QUESTION))["query_type"],
        "agents": {one["agent_id"] for one in await client.agents()},
        "asked_for": await client.ingest(["handbook"], key="k-2", wait=False),
        "again": await client.ingest(["handbook"], key="k-2", wait=False),
    }


@pytest.mark.parametrize("form", ["waiting", "async"])
async def test_an_app_gets_all_it_asks_for(database_url: str, url: str, form: str):
    key = make_key(database_url, "default", "admin", name="app")
    if form == "waiting":
        got = await asyncio.to_thread(used, Client(url, api_key=key))
    else:
        got = await used_async(AsyncClient(url, api_key=key))
    assert got["answer"]["status"] == "completed"
    assert "git reset --soft" in got["answer"]["answer"]
    assert got["answer"]["citations"][0]["path"] == "undo.md"
    assert "answer" in got["lanes"]
    assert len(set(got["lanes"])) > 1
    *told, outcome = got["streamed"]
    assert {one["lane"] for one in told} == {"answer"}
    assert (outcome["type"], outcome["status"]) == ("outcome", "completed")
    assert got["verified"]["verified"] is True
    assert [one["found"] for one in got["verified"]["citations"]] == [True] * len(
        got["answer"]["citations"]
    )
    assert (got["waits"], got["left"]) == ("awaiting_approval", [])
    assert got["rejected"]["thread_id"]
    assert got["rejected"]["status"] != "awaiting_approval"
    assert got["plan"]["steps"]
    assert (got["valid"], got["type"] != "") == (True, True)
    assert {"git_recipes", "handbook"} <= got["agents"]
    assert (got["asked_for"]["status"], got["asked_for"]["new"]) == ("requested", True)
    assert (got["again"]["key"], got["again"]["new"]) == (got["asked_for"]["key"], False)


async def test_what_is_refused_is_said_with_its_cure(database_url: str, url: str):
    viewer = make_key(database_url, "default", "viewer")
    for client in (AsyncClient(url, api_key=viewer), AsyncClient(url)):
        with pytest.raises(ServerSaid) as refused:
            await client.ingest(["handbook"], wait=False)
        assert refused.value.cure
        with pytest.raises(ServerSaid):
            await client.ask(QUESTION)
        with pytest.raises(ServerSaid):
            await client.cite.verify("none")


async def test_what_takes_too_long_is_said(database_url: str, url: str):
    """No writer runs here, so nothing that is asked of it is ever done."""
    key = make_key(database_url, "default", "operator")
    with pytest.raises(ServerSaid, match="requested after 2 s"):
        await AsyncClient(url, api_key=key, timeout=2).ingest(["handbook"])


def test_both_forms_have_the_same_names():
    def signatures(kind: type) -> dict[str, str]:
        return {
            name: str(inspect.signature(one)).split(" ->")[0]
            for name, one in vars(kind).items()
            if not name.startswith("_") and inspect.isfunction(one)
        }

    assert signatures(Client) == signatures(AsyncClient)
    wanted = {"ask", "stream", "plan", "approvals", "approve", "ingest", "agents"}
    assert wanted <= set(signatures(Client))


@pytest.mark.parametrize("program", BLOCK.findall(PAGE.read_text("utf-8")))
async def test_a_documented_example_runs(
    database_url: str, url: str, program: str, capsys: pytest.CaptureFixture[str]
):
    assert len(program.strip().splitlines()) <= 5
    key = make_key(database_url, "default", "admin")
    said = program.replace("Client()", f"Client({url!r}, api_key={key!r})")
    await asyncio.to_thread(exec, compile(said, str(PAGE), "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.strip()
