"""What agent-chat-ui and Studio send, as their JavaScript sends it, against a server and a worker."""

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.doubles.demo_processes import DemoProcesses

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
UI = {"Origin": "http://localhost:3000", "X-Api-Key": ""}
STUDIO = {"Origin": "https://smith.langchain.com", "x-auth-scheme": "langsmith"}
# As useStream of @langchain/langgraph-sdk writes it: everything that can be said is there, null or not.
RUN: dict[str, Any] = {
    "config": {"configurable": {}, "tags": [], "recursion_limit": 50}, "metadata": {}, "feedback_keys": None,
    "stream_mode": ["values", "messages-tuple", "custom", "updates"], "stream_subgraphs": True,
    "stream_resumable": True, "on_disconnect": "continue", "interrupt_before": None, "interrupt_after": None,
    "checkpoint": None, "checkpoint_id": None, "webhook": None, "multitask_strategy": None,
    "on_completion": None, "after_seconds": None, "if_not_exists": None, "checkpoint_during": None,
    "durability": None, "command": None, "context": None,
}  # fmt: skip


@pytest.fixture
async def http(processes: DemoProcesses) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=processes.url, timeout=60) as client:
        yield client


async def said(
    http: httpx.AsyncClient, method: str, path: str, body: Any = None, **more: str
) -> Any:
    reply = await http.request(method, path, json=body, headers={**UI, **more})
    assert reply.is_success, reply.text
    assert reply.headers["Access-Control-Allow-Origin"] == {**UI, **more}["Origin"]
    return reply.json()


async def streamed(http: httpx.AsyncClient, path: str, body: Any) -> list[tuple[str, Any]]:
    """Events with their data, as an event source reads them."""
    found: list[tuple[str, Any]] = []
    async with http.stream("POST", path, json=body, headers=UI) as reply:
        assert reply.is_success, await reply.aread()
        assert "Location" in reply.headers["Access-Control-Expose-Headers"]
        name = ""
        async for line in reply.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                found.append((name, json.loads(line.removeprefix("data: "))))
    return found


def message(text: str) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "type": "human", "content": [{"type": "text", "text": text}]}


async def test_a_conversation_in_agent_chat_ui(http: httpx.AsyncClient):
    assert "version" in await said(http, "GET", "/info")
    assert (
        await said(
            http, "POST", "/threads/search", {"metadata": {"graph_id": "chat"}, "limit": 100}
        )
        == []
    )
    thread = (await said(http, "POST", "/threads", {"metadata": {}}))["thread_id"]
    path = f"/threads/{thread}/runs/stream"
    given = {"messages": [message("hi")], "context": {}}
    events = await streamed(http, path, {**RUN, "assistant_id": "chat", "input": given})
    assert {"metadata", "values", "messages", "end"} <= {name for name, _ in events}
    last = [data for name, data in events if name == "values"][-1]["messages"][-1]
    assert (last["type"], "as words" in last["content"]) == ("ai", True)
    found = await said(
        http, "POST", "/threads/search", {"metadata": {"graph_id": "chat"}, "limit": 100}
    )
    assert [one["thread_id"] for one in found] == [thread]
    past = await said(http, "POST", f"/threads/{thread}/history", {"limit": 10})
    # Regenerate: the same from before the answer.
    before = next(one for one in past if one["next"] == ["answer"])
    again = {**RUN, "assistant_id": "chat", "input": None, "checkpoint": before["checkpoint"]}
    events = await streamed(http, path, again)
    assert len([data for name, data in events if name == "values"][-1]["messages"]) == 2
    run = next(data for name, data in events if name == "metadata")["run_id"]
    joined = await http.get(
        f"/threads/{thread}/runs/{run}/stream?cancel_on_disconnect=0&stream_mode=values",
        headers={**UI, "Last-Event-ID": "-1"},
    )
    assert "event: end" in joined.text


@pytest.mark.parametrize("resume", [
    {"decisions": [{"type": "approve"}, {"type": "reject", "message": "not now"}]},
])  # fmt: skip
async def test_an_approval_in_agent_chat_ui(http: httpx.AsyncClient, resume: Any):
    thread = (await said(http, "POST", "/threads", {}))["thread_id"]
    path = f"/threads/{thread}/runs/stream"
    events = await streamed(http, path, {**RUN, "assistant_id": "dag", "input": {"request": "x"}})
    assert any(
        "__interrupt__" in (data or {})
        for name, data in events
        if name.startswith(("updates", "values"))
    )
    state = await said(http, "GET", f"/threads/{thread}/state")
    assert len(state["interrupts"]) == 2
    events = await streamed(
        http, path, {**RUN, "assistant_id": "dag", "command": {"resume": resume}}
    )
    assert [data for name, data in events if name == "values"][-1]["results"]
    assert (await said(http, "GET", f"/threads/{thread}"))["status"] == "idle"


async def test_studio_looks_at_a_graph_and_runs_it(http: httpx.AsyncClient):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true",
             "Access-Control-Request-Headers": "content-type,x-api-key,x-auth-scheme"}  # fmt: skip
    allowed = await http.options("/threads", headers={**STUDIO, **asked})
    assert (allowed.status_code, allowed.headers["Access-Control-Allow-Private-Network"]) == (
        200,
        "true",
    )
    found = await said(http, "POST", "/assistants/search", {"limit": 1000, "offset": 0}, **STUDIO)
    own = next(one for one in found if one["graph_id"] == "dag")["assistant_id"]
    for path in ("graph?xray=true", "schemas", "subgraphs?recurse=true"):
        assert await said(http, "GET", f"/assistants/{own}/{path}", **STUDIO) is not None
    assert await said(http, "POST", f"/assistants/{own}/versions", {"limit": 100}, **STUDIO)
    thread = (await said(http, "POST", "/threads", {"metadata": {"graph_id": "dag"}}, **STUDIO))[
        "thread_id"
    ]
    studio = {
        **RUN,
        "assistant_id": own,
        "input": {"request": "x"},
        "stream_mode": ["debug", "messages"],
    }
    events = await streamed(http, f"/threads/{thread}/runs/stream", studio)
    assert "debug" in {name.partition("|")[0] for name, _ in events}
    assert await said(http, "GET", f"/threads/{thread}/state?subgraphs=true", **STUDIO)
    assert await said(http, "POST", f"/threads/{thread}/history", {"limit": 1000}, **STUDIO)
    assert await said(http, "GET", f"/threads/{thread}/runs?limit=10&offset=0", **STUDIO)
