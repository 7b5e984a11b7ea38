"""Streams by the unmodified langgraph_sdk: their modes, and coming back to them."""

import contextlib
from itertools import pairwise
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from tests.conftest import until
from tests.end_to_end.sdk.conftest import HELLO, collected, counted, new_thread

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


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
