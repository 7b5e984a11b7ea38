"""Runs by the unmodified langgraph_sdk: answered, cancelled, rivals, and failures."""

import asyncio
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError

from tests.conftest import until
from tests.end_to_end.sdk.conftest import HELLO, collected, counted, has_log, new_thread

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


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


async def test_cancel_is_heard_where_a_library_loses_it(client: LangGraphClient):
    thread = await new_thread(client)
    run = await client.runs.create(thread, "deaf", input={"n": 12, "tag": "deaf", "seconds": 0.01})
    await until(lambda: has_log(client, thread, 1))
    await client.runs.cancel(thread, run["run_id"], wait=True, action="interrupt")
    state = await client.threads.get_state(thread)
    assert (await client.runs.get(thread, run["run_id"]))["status"] == "interrupted"
    assert (len(state["values"]["log"]) < 12, list(state["next"])) == (True, ["step"])


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


async def test_what_is_not_there_says_so(client: LangGraphClient):
    with pytest.raises(httpx.HTTPStatusError) as error:
        await client.runs.wait(None, "chat", input=HELLO, webhook="http://127.0.0.1:9/none")
    assert error.value.response.status_code == 422
