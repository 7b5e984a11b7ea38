"""Assistants, threads, items and crons by the unmodified langgraph_sdk."""

import uuid
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, NotFoundError

from tests.doubles.demo_graphs import GRAPHS
from tests.end_to_end.sdk.conftest import HELLO, new_thread

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


async def test_assistants(client: LangGraphClient):
    found = await client.assistants.search()
    assert [one["graph_id"] for one in found] == list(GRAPHS)
    assert await client.assistants.count() == len(GRAPHS)
    by_id = await client.assistants.get(found[0]["assistant_id"])
    assert by_id == await client.assistants.get("chat")
    schemas = await client.assistants.get_schemas("chat")
    assert list(schemas["context_schema"]["properties"]) == ["model"]
    drawn = await client.assistants.get_graph("dag", xray=True)
    assert {node["id"] for node in drawn["nodes"]} == {"__start__", "execute", "finish", "__end__"}
    assert await client.assistants.get_subgraphs("dag") == {}
    assert len(await client.assistants.get_versions("chat")) == 1
    with pytest.raises(NotFoundError):
        await client.assistants.get("nobody")


async def test_history_fork_and_copy(client: LangGraphClient):
    thread = await new_thread(client)
    await client.runs.wait(thread, "slow", input={"n": 3, "tag": "h"})
    history = await client.threads.get_history(thread, limit=20)
    assert [one["metadata"]["step"] for one in history] == [3, 2, 1, 0, -1]
    place = next(one["checkpoint"] for one in history if one["values"].get("log") == [0])
    past = await client.threads.get_state(thread, checkpoint_id=place["checkpoint_id"])
    assert past["values"]["log"] == [0]
    at = {"checkpoint_id": place["checkpoint_id"], "checkpoint_ns": ""}
    again = await client.runs.wait(thread, "slow", input=None, checkpoint=at)
    assert again["log"] == [0, 1, 2]
    await client.threads.update_state(thread, {"n": 5}, checkpoint_id=place["checkpoint_id"])
    forked = await client.runs.wait(thread, "slow", input=None)
    assert forked["log"] == [0, 1, 2, 3, 4]
    copied = (await client.threads.copy(thread))["thread_id"]
    assert copied != thread
    assert (await client.threads.get_state(copied))["values"] == forked


async def test_a_copied_thread_waits_for_its_own_answers(client: LangGraphClient):
    thread = await new_thread(client)
    await client.runs.wait(thread, "dag", input={"request": "copied"})
    copied = (await client.threads.copy(thread))["thread_id"]
    waiting = [one["id"] for one in (await client.threads.get_state(copied))["interrupts"]]
    for one in (thread, copied):
        answers = dict.fromkeys(waiting, one)
        values = await client.runs.wait(one, "dag", command={"resume": answers})
        assert {step["decision"] for step in values["results"].values()} == {one}


async def test_threads(client: LangGraphClient):
    thread = await client.threads.create(metadata={"app": "battery"}, graph_id="chat")
    name = thread["thread_id"]
    assert [
        one["thread_id"] for one in await client.threads.search(metadata={"app": "battery"})
    ] == [name]
    assert await client.threads.count(metadata={"app": "battery"}) == 1
    with pytest.raises(ConflictError):
        await client.threads.create(thread_id=name)
    same = await client.threads.create(thread_id=name, if_exists="do_nothing")
    assert same["thread_id"] == name
    changed = await client.threads.update(name, metadata={"more": 1})
    assert changed["metadata"] == {"app": "battery", "graph_id": "chat", "more": 1}
    await client.threads.delete(name)
    with pytest.raises(NotFoundError):
        await client.threads.get(name)


async def test_the_store_keeps_items(client: LangGraphClient):
    place = (f"notes-{uuid.uuid4().hex}", "ann")
    await client.store.put_item(place, key="k", value={"a": 1})
    kept = await client.store.get_item(place, "k")
    assert (kept["value"], tuple(kept["namespace"])) == ({"a": 1}, place)
    found = await client.store.search_items(place[:1], filter={"a": 1})
    assert [one["key"] for one in found["items"]] == ["k"]
    listed = await client.store.list_namespaces(prefix=list(place[:1]))
    assert listed["namespaces"] == [list(place)]
    await client.store.delete_item(place, "k")
    assert (await client.store.search_items(place))["items"] == []


async def test_threads_are_pruned(client: LangGraphClient):
    thread = await new_thread(client)
    assert (await client.threads.prune([thread, "none"]))["pruned_count"] == 1
    with pytest.raises(httpx.HTTPStatusError):
        await client.threads.get(thread)


async def test_crons_are_kept(client: LangGraphClient):
    made: Any = await client.crons.create("chat", schedule="0 0 1 1 *", input=HELLO)
    assert [one["cron_id"] for one in await client.crons.search()] == [made["cron_id"]]
    await client.crons.delete(made["cron_id"])
    assert await client.crons.count() == 0
