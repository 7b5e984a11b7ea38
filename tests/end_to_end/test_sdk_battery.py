"""The unmodified langgraph_sdk against our server and a worker, as real processes."""

import asyncio
import contextlib
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError

from kb.migrate import migrate
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.demo_processes import DemoProcesses, demo_processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
HELLO = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture(scope="module")
def processes(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcesses]:
    url = postgres.url("sdk_battery")
    migrate(url)
    with demo_processes(url, tmp_path_factory.mktemp("battery"), "server", "worker") as running:
        yield running


@pytest.fixture
async def client(processes: DemoProcesses) -> AsyncIterator[LangGraphClient]:
    made = get_client(url=processes.url, api_key=None)
    yield made
    await made.aclose()


async def collected(stream: Any, at_most: int = 10**9) -> list[Any]:
    parts: list[Any] = []
    async for part in stream:
        parts.append(part)
        if len(parts) >= at_most:
            break
    return parts


def counted(parts: list[Any]) -> Counter[str]:
    return Counter(part.event for part in parts)


async def new_thread(client: LangGraphClient) -> str:
    return (await client.threads.create())["thread_id"]


async def until(condition: Any, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(0.05)


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


async def test_stream_modes(client: LangGraphClient):
    thread = await new_thread(client)
    modes = ["values", "updates", "messages-tuple", "custom", "tasks", "checkpoints", "debug"]
    parts = await collected(client.runs.stream(
        thread, "chat", input=HELLO, context={"model": "ctx-model"}, stream_mode=modes
    ))  # fmt: skip
    seen = counted(parts)
    assert {
        "metadata",
        "values",
        "updates",
        "messages",
        "custom",
        "tasks",
        "checkpoints",
        "debug",
        "end",
    } == set(seen)
    assert (seen["metadata"], seen["end"], seen["updates"], seen["tasks"]) == (1, 1, 1, 2)
    assert [part.data for part in parts if part.event == "custom"] == [{"model": "ctx-model"}]
    words = "".join(part.data[0]["content"] for part in parts if part.event == "messages")
    assert words == "you said hi as words"


async def test_whole_messages_events_and_typed_parts(client: LangGraphClient):
    thread = await new_thread(client)
    parts = await collected(
        client.runs.stream(thread, "chat", input=HELLO, stream_mode=["messages"])
    )
    partial = [part.data[0]["content"] for part in parts if part.event == "messages/partial"]
    assert partial[-1] == "you said hi as words"
    assert all(later.startswith(earlier) for earlier, later in pairwise(partial))
    events = await collected(
        client.runs.stream(thread, "chat", input=HELLO, stream_mode=["events"])
    )
    assert any(
        part.data["event"] == "on_chat_model_stream" for part in events if part.event == "events"
    )
    typed = await collected(client.runs.stream(thread, "chat", input=HELLO, version="v2"))
    assert typed[-1]["type"] == "values"
    stateless = await collected(
        client.runs.stream(None, "chat", input=HELLO, stream_mode=["updates"])
    )
    assert counted(stateless) == {"metadata": 1, "updates": 1, "end": 1}


async def test_interrupts_are_answered_by_id_once(client: LangGraphClient):
    thread = await new_thread(client)
    parts = await collected(client.runs.stream(
        thread, "dag", input={"request": "by id"}, stream_mode=["updates", "custom"], stream_subgraphs=True
    ))  # fmt: skip
    asked = [part for part in parts if "__interrupt__" in (part.data or {})]
    assert [part.event for part in asked] == ["updates"]
    known = await client.threads.get(thread)
    assert (known["status"], [len(one) for one in known["interrupts"].values()]) == (
        "interrupted",
        [2],
    )
    state = await client.threads.get_state(thread)
    first, second = (one["id"] for one in state["interrupts"])
    await collected(client.runs.stream(thread, "dag", command={"resume": {second: {"for": "g2"}}}))
    left = (await client.threads.get_state(thread))["interrupts"]
    assert [one["id"] for one in left] == [first]

    stale: dict[str, Any] = {"resume": {second: {"for": "again"}}}
    late = await collected(client.runs.stream(thread, "dag", command=stale))
    assert (counted(late), late[0].data["status"]) == ({"error": 1}, 409)
    for start in (client.runs.create, client.runs.wait):
        with pytest.raises((ConflictError, httpx.HTTPStatusError)) as refused:
            await start(thread, "dag", command=stale)
        assert refused.value.response.status_code == 409
    with pytest.raises(ConflictError):
        await collected(client.runs.stream(thread, "dag", command=stale, strict_resume=True))

    both = await asyncio.gather(
        *(
            client.runs.create(thread, "dag", command={"resume": {first: {"for": n}}})
            for n in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in both) == ["ConflictError", "dict"]
    won = next(one for one in both if isinstance(one, dict))
    values = await client.runs.join(thread, won["run_id"])
    assert values["final"] == "g,g2"
    assert (await client.threads.get(thread))["status"] == "idle"


async def test_answers_without_ids_are_mapped_when_that_is_clear(client: LangGraphClient):
    thread = await new_thread(client)
    await client.runs.wait(thread, "dag", input={"request": "mapped"})
    with pytest.raises(UnprocessableEntityError) as refused:
        await client.runs.create(thread, "dag", command={"resume": True})
    waiting = [one["id"] for one in (await client.threads.get_state(thread))["interrupts"]]
    assert refused.value.body["pending"] == waiting
    decisions = [{"type": "approve"}, {"type": "reject"}]
    values = await client.runs.wait(thread, "dag", command={"resume": {"decisions": decisions}})
    said = {name: one["decision"] for name, one in values["results"].items()}
    assert said == {"g": {"decisions": decisions[:1]}, "g2": {"decisions": decisions[1:]}}
    with pytest.raises(ConflictError):
        await client.runs.create(thread, "dag", command={"resume": True})
    with pytest.raises(NotFoundError):
        await client.runs.create("no-such-thread", "dag", command={"resume": True})


async def test_cancel_interrupts_and_goes_on(client: LangGraphClient):
    thread = await new_thread(client)
    run = await client.runs.create(thread, "slow", input={"n": 30, "tag": "cancelled"})
    await until(lambda: has_log(client, thread, 2))
    await client.runs.cancel(thread, run["run_id"], wait=True, action="interrupt")
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "interrupted"
    known, state = await client.threads.get(thread), await client.threads.get_state(thread)
    assert (known["status"], list(state["next"])) == ("interrupted", ["step"])
    parts = await collected(
        client.runs.stream(thread, "slow", input=None, stream_mode="updates"), 2
    )
    assert parts[-1].data == {"step": {"log": [len(state["values"]["log"])]}}
    for one in await client.runs.list(thread):
        if one["status"] in ("pending", "running"):
            await client.runs.cancel(thread, one["run_id"], wait=True)


async def has_log(client: LangGraphClient, thread: str, entries: int) -> bool:
    values = (await client.threads.get_state(thread))["values"]
    return len((values or {}).get("log") or []) >= entries


async def test_cancel_rolls_back(client: LangGraphClient):
    thread = await new_thread(client)
    before = await client.runs.wait(thread, "slow", input={"n": 1, "tag": "kept"})
    run = await client.runs.create(thread, "slow", input={"n": 30, "tag": "undone"})
    await until(lambda: has_log(client, thread, 3))
    await client.runs.cancel(thread, run["run_id"], wait=True, action="rollback")
    with pytest.raises(NotFoundError):
        await client.runs.get(thread, run["run_id"])
    assert (await client.threads.get_state(thread))["values"] == before
    assert (await client.threads.get(thread))["status"] == "idle"


@pytest.mark.parametrize(("strategy", "statuses", "log"), [
    ("enqueue", ["success", "success"], [0, 1, 2, 3]),
    ("interrupt", ["success", "interrupted"], None),
    ("rollback", ["success"], [0, 1]),
])  # fmt: skip
async def test_multitask(
    client: LangGraphClient, strategy: Any, statuses: list[str], log: list[int] | None
):
    thread = await new_thread(client)
    first = await client.runs.create(thread, "slow", input={"n": 4, "tag": f"one {strategy}"})
    await until(lambda: has_log(client, thread, 1))
    second = await client.runs.create(
        thread, "slow", input={"n": 2, "tag": "two"}, multitask_strategy=strategy
    )
    await client.runs.join(thread, second["run_id"])
    assert [run["status"] for run in await client.runs.list(thread)] == statuses
    if log is not None:
        assert (await client.threads.get_state(thread))["values"]["log"] == log
    if strategy == "rollback":
        with pytest.raises(NotFoundError):
            await client.runs.get(thread, first["run_id"])


async def test_multitask_reject(client: LangGraphClient):
    thread = await new_thread(client)
    run = await client.runs.create(thread, "slow", input={"n": 20, "tag": "busy"})
    with pytest.raises(ConflictError):
        await client.runs.create(thread, "slow", input={"n": 1}, multitask_strategy="reject")
    await client.runs.cancel(thread, run["run_id"], wait=True)


async def test_background_runs_are_joined_and_replayed(client: LangGraphClient):
    thread = await new_thread(client)
    run = await client.runs.create(
        thread,
        "slow",
        input={"n": 4, "tag": "bg"},
        stream_mode=["updates", "values"],
        stream_resumable=True,
    )
    join = client.runs.join_stream
    late = await collected(join(thread, run["run_id"], stream_mode=["updates"]), 3)
    assert [part.event for part in late] == ["metadata", "updates", "updates"]
    rest = await collected(join(thread, run["run_id"], last_event_id=late[-1].id))
    assert [part.data["step"]["log"] for part in rest if part.event == "updates"] == [[2], [3]]
    whole = await collected(join(thread, run["run_id"], last_event_id="-1"))
    assert counted(whole) == {"metadata": 1, "updates": 4, "values": 5, "end": 1}
    assert (await client.runs.join(thread, run["run_id"]))["log"] == [0, 1, 2, 3]
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "success"


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


async def test_runs_without_a_thread(client: LangGraphClient):
    batch = await client.runs.create_batch([{"assistant_id": "chat", "input": HELLO}] * 2)
    assert len({run["thread_id"] for run in batch}) == 2
    values = await client.runs.wait(None, "slow", input={"n": 1, "tag": "alone"}, metadata={"m": 1})
    assert values["log"] == [0]


async def test_failures_and_odd_values_reach_the_client(client: LangGraphClient):
    thread = await new_thread(client)
    with pytest.raises(Exception, match="ValueError: this graph always fails"):
        await client.runs.wait(thread, "failing", input={"kind": "error"})
    assert (await client.threads.get(thread))["status"] == "error"
    values = await client.runs.wait(await new_thread(client), "failing", input={"kind": "poison"})
    assert values["kind"] == "NUL , half a pair \ufffd, and not a number"


async def test_a_run_goes_on_until_a_breakpoint(client: LangGraphClient):
    thread = await new_thread(client)
    await client.runs.wait(thread, "slow", input={"n": 1, "tag": "stop"}, interrupt_before=["step"])
    state = await client.threads.get_state(thread)
    assert (list(state["next"]), state["values"].get("log")) == (["step"], [])
    assert (await client.runs.wait(thread, "slow", input=None))["log"] == [0]


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


async def test_a_thread_is_followed_as_a_whole(client: LangGraphClient):
    thread = await new_thread(client)
    first = await client.runs.create(thread, "chat", input=HELLO)
    await client.runs.join(thread, first["run_id"])
    second = await client.runs.create(thread, "chat", input=HELLO)
    seen: list[Any] = []
    follow = await client.threads.join_stream(thread, last_event_id="-", stream_mode="run_modes")
    async with contextlib.aclosing(follow) as parts:
        async for part in parts:
            seen.append(part)
            if part.data == {"status": "run_done", "run_id": second["run_id"]}:
                break
    done = [part.data["run_id"] for part in seen if part.data.get("status") == "run_done"]
    assert done == [first["run_id"], second["run_id"]]
    late = await client.threads.join_stream(thread, last_event_id=seen[-2].id)
    async with contextlib.aclosing(late) as parts:
        assert (await collected(parts, 1))[0].data["run_id"] == second["run_id"]


async def test_crons_are_kept(client: LangGraphClient):
    made: Any = await client.crons.create("chat", schedule="0 0 1 1 *", input=HELLO)
    assert [one["cron_id"] for one in await client.crons.search()] == [made["cron_id"]]
    await client.crons.delete(made["cron_id"])
    assert await client.crons.count() == 0


async def test_what_is_not_there_says_so(client: LangGraphClient):
    with pytest.raises(httpx.HTTPStatusError) as error:
        await client.runs.wait(None, "chat", input=HELLO, webhook="http://127.0.0.1:9/none")
    assert error.value.response.status_code == 422


async def test_leaving_a_stream_cancels_when_asked(client: LangGraphClient):
    thread = await new_thread(client)
    stream = client.runs.stream(
        thread,
        "slow",
        input={"n": 40, "tag": "left"},
        stream_mode="updates",
        on_disconnect="cancel",
    )
    async with contextlib.aclosing(stream) as parts:
        await collected(parts, 2)

    async def cancelled() -> bool:
        return [run["status"] for run in await client.runs.list(thread)] == ["interrupted"]

    await until(cancelled)
