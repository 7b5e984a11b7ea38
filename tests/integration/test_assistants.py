"""Assistants that callers make, with the unmodified SDK: versions, rights, and what runs are given by them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from pydantic import SecretStr

from graph.server.graph_set import assistant_id
from graph.settings import ReaderSettings
from graph.testing.running_reader import RunningReader, running_reader
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.two_tenants import make_key, tenant

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
HELLO = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def reader(database_url: str) -> AsyncIterator[RunningReader]:
    settings = ReaderSettings(
        database_url=SecretStr(database_url),
        qdrant_url="http://127.0.0.1:1",
        git_webhook_secret=SecretStr("planted-secret"),
    )
    async with running_reader(settings, GRAPHS) as running:
        yield running


@pytest.fixture
def client(reader: RunningReader) -> LangGraphClient:
    return LangGraphClient(reader.http)


async def model_of(client: LangGraphClient, assistant: str, **more: Any) -> str:
    """What the graph says of its context, in a real run."""
    told = [
        part.data["model"]
        async for part in client.runs.stream(
            None, assistant, input=HELLO, stream_mode="custom", **more
        )
        if part.event == "custom"
    ]
    return told[0]


async def test_an_assistant_is_made_changed_and_taken_back(client: LangGraphClient):
    made = await client.assistants.create(
        "chat", {"tags": ["a"]}, context={"model": "one"}, metadata={"team": "hr"},
        name="First", description="asks one",
    )  # fmt: skip
    own = made["assistant_id"]
    assert (made["version"], made["name"], made["graph_id"]) == (1, "First", "chat")
    assert made["config"] == {"tags": ["a"]}
    changed = await client.assistants.update(own, context={"model": "two"}, metadata={"x": 1})
    assert (changed["version"], changed["name"], changed.get("description")) == (
        2,
        "First",
        "asks one",
    )
    assert changed["metadata"] == {"team": "hr", "x": 1}
    assert await model_of(client, own) == "two"
    back = await client.assistants.set_latest(own, 1)
    assert (back["version"], back["context"]) == (1, {"model": "one"})
    assert await model_of(client, own) == "one"
    again = await client.assistants.update(own, name="Third")
    assert (again["version"], again["context"]) == (3, {"model": "one"})
    versions = await client.assistants.get_versions(own)
    assert [one["version"] for one in versions] == [3, 2, 1]
    assert [one["version"] for one in await client.assistants.get_versions(own, {"x": 1})] == [2]
    assert (await client.assistants.get_schemas(own))["graph_id"] == "chat"
    assert (await client.assistants.get_graph(own))["nodes"]
    await client.assistants.delete(own)
    with pytest.raises(httpx.HTTPStatusError):
        await client.assistants.get(own)


async def test_a_run_says_more_than_its_assistant(client: LangGraphClient):
    given: Any = {"configurable": {"a": 1, "b": 1}, "tags": ["t"], "metadata": {"m": 1}}
    made = await client.assistants.create("chat", given, context={"model": "its"})
    own = made["assistant_id"]
    assert await model_of(client, own, context={"model": "mine"}) == "mine"
    thread = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread, own, input=HELLO, config={"configurable": {"b": 2}})
    await client.runs.join(thread, run["run_id"])
    assert run["assistant_id"] == own
    kwargs: Any = run["kwargs"]  # pyright: ignore[reportGeneralTypeIssues,reportTypedDictNotRequiredAccess]
    assert kwargs["context"] == {"model": "its"}
    assert kwargs["config"]["configurable"] == {"a": 1, "b": 2}
    assert kwargs["config"]["tags"] == ["t"]
    found = await client.threads.search(metadata={"assistant_id": own, "graph_id": "chat"})
    assert thread in [one["thread_id"] for one in found]
    await client.assistants.delete(own, delete_threads=True)
    assert await client.threads.search(metadata={"assistant_id": own}) == []
    with pytest.raises(httpx.HTTPStatusError) as error:
        await client.runs.create(None, own, input=HELLO)
    assert error.value.response.status_code == 404


async def test_they_are_found_after_those_of_graphs(client: LangGraphClient):
    for n in range(3):
        await client.assistants.create("chat", name=f"Number {n}", metadata={"n": n})
    whole = await client.assistants.search(limit=100)
    assert [one["name"] for one in whole] == [*GRAPHS, "Number 2", "Number 1", "Number 0"]
    pages = [
        one["name"]
        for offset in range(0, len(whole), 2)
        for one in await client.assistants.search(limit=2, offset=offset)
    ]
    assert pages == [one["name"] for one in whole]
    assert await client.assistants.count() == len(whole)
    assert await client.assistants.count(name="number", metadata={"n": 1}) == 1
    by_name = await client.assistants.search(name="number", sort_by="name", sort_order="asc")
    assert [one["name"] for one in by_name] == ["Number 0", "Number 1", "Number 2"]
    short = await client.assistants.search(graph_id="chat", name="number", select=["name"], limit=1)
    assert short == [{"name": "Number 2"}]


async def test_what_cannot_be_made_is_refused(client: LangGraphClient):
    made = await client.assistants.create("chat", assistant_id="mine")
    assert made["name"] == "chat"
    same = await client.assistants.create("dag", assistant_id="mine", if_exists="do_nothing")
    assert same["graph_id"] == "chat"
    refused: list[tuple[int, Any]] = [
        (409, client.assistants.create("chat", assistant_id="mine")),
        (409, client.assistants.create("chat", assistant_id="chat")),
        (409, client.assistants.create("chat", assistant_id=assistant_id("dag"))),
        (409, client.assistants.update("chat", name="x")),
        (409, client.assistants.delete(assistant_id("chat"))),
        (404, client.assistants.create("no-such-graph")),
        (404, client.assistants.update("nobody", name="x")),
        (404, client.assistants.set_latest("mine", 2)),
        (422, client.assistants.create("chat", context={"model": ["no", "text"]})),
        (422, client.assistants.update("mine", context={"model": 5})),
    ]
    for status, call in refused:
        with pytest.raises(httpx.HTTPStatusError) as error:
            await call
        assert error.value.response.status_code == status, error.value
    assert [one["version"] for one in await client.assistants.get_versions("mine")] == [1]


async def test_a_cron_runs_an_assistant(client: LangGraphClient):
    own = (await client.assistants.create("chat", context={"model": "by clock"}))["assistant_id"]
    cron: Any = await client.crons.create(own, schedule="0 0 1 1 *", input=HELLO)
    assert cron["assistant_id"] == own
    assert await client.crons.count(assistant_id=own) == 1
    assert await client.crons.count(assistant_id="chat") == 0


async def test_no_secret_is_kept_in_one(client: LangGraphClient):
    made = await client.assistants.create("chat", {"configurable": {"key": "planted-secret"}})
    assert made["config"] == {"configurable": {"key": "[hidden]"}}


async def test_an_assistant_is_changed_by_who_made_it(database_url: str):
    async with tenant(database_url, "a") as server, tenant(database_url, "b") as other:
        ann, bob, olga, vera, limited = (
            make_key(database_url, "a", role, name=name, agents=agents)
            for role, name, agents in (
                ("asker", "ann", None), ("asker", "bob", None), ("operator", "olga", None),
                ("viewer", "vera", None), ("asker", "lim", ["hr"]),
            )
        )  # fmt: skip
        new = {"graph_id": "chat", "assistant_id": "hers"}
        assert (await server.call("POST", "/assistants", vera, new)).status_code == 403
        assert (await server.call("POST", "/assistants", ann, new)).status_code == 200
        theirs = make_key(database_url, "b", "admin")
        # The same id is free in another workspace, and says nothing of the first.
        assert (await other.call("POST", "/assistants", theirs, new)).status_code == 200
        for key, status in ((bob, 403), (limited, 404), (olga, 200), (ann, 200)):
            reply = await server.call("PATCH", "/assistants/hers", key, {"name": "x"})
            assert reply.status_code == status
        assert (await server.call("GET", "/assistants/hers", vera)).status_code == 200
        assert (await server.call("GET", "/assistants/hers", limited)).status_code == 404
        assert (await server.call("DELETE", "/assistants/hers", bob)).status_code == 403
        assert (await other.call("DELETE", "/assistants/hers", theirs)).status_code == 204
        assert (await server.call("DELETE", "/assistants/hers", ann)).status_code == 204
