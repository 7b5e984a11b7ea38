"""Every public method of langgraph_sdk, by its waiting and its other client, against a server and a worker."""

import inspect
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk._async import assistants, cron, runs, store, threads

from tests.doubles.demo_processes import DemoProcesses

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
HELLO: Any = {"messages": [{"role": "user", "content": "hi"}]}
LATER = "0 0 1 1 *"
CLASSES: dict[str, Any] = {
    "assistants": assistants.AssistantsClient, "threads": threads.ThreadsClient, "runs": runs.RunsClient,
    "crons": cron.CronClient, "store": store.StoreClient,
}  # fmt: skip
# It speaks a protocol that is refused, with the reason, by 501.
REFUSED = {"threads.stream"}


def methods() -> set[str]:
    return {
        f"{client}.{name}"
        for client, kind in CLASSES.items()
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


@dataclass
class Caller:
    """Calls either client in the same words, and remembers which methods were called."""

    client: Any
    called: set[str] = field(default_factory=set)

    async def __call__(self, method: str, *given: Any, **named: Any) -> Any:
        self.called.add(method)
        kind, _, name = method.partition(".")
        said = getattr(getattr(self.client, kind), name)(*given, **named)
        return await said if inspect.isawaitable(said) else said

    async def first(self, method: str, *given: Any, at_most: int = 1000, **named: Any) -> list[Any]:
        """What a stream says, up to so many parts."""
        stream = await self(method, *given, **named)
        found: list[Any] = []
        async for one in _walked(stream):
            found.append(one)
            if len(found) >= at_most:
                break
        return found


async def _walked(stream: Any) -> AsyncIterator[Any]:
    if isinstance(stream, Iterator):
        for one in stream:
            yield one
        return
    async for one in stream:
        yield one


@pytest.mark.parametrize("form", ["waits", "asyncio"])
async def test_every_method_works(processes: DemoProcesses, form: str):
    make: Any = get_sync_client if form == "waits" else get_client
    ask = Caller(make(url=processes.url, api_key=None))
    for part in (with_assistants, with_threads, with_runs, with_crons, with_store):
        await part(ask, form)
    assert ask.called == methods() - REFUSED


async def with_assistants(ask: Caller, form: str) -> None:
    made = await ask("assistants.create", "chat", name=form, metadata={"by": form})
    own = made["assistant_id"]
    assert (await ask("assistants.get", own))["name"] == form
    assert (await ask("assistants.update", own, name=f"{form} two"))["version"] == 2
    assert len(await ask("assistants.get_versions", own)) == 2
    assert (await ask("assistants.set_latest", own, 1))["version"] == 1
    assert [one["name"] for one in await ask("assistants.search", metadata={"by": form})] == [form]
    assert await ask("assistants.count", metadata={"by": form}) == 1
    assert (await ask("assistants.get_schemas", own))["input_schema"]
    assert (await ask("assistants.get_graph", own))["nodes"]
    assert await ask("assistants.get_subgraphs", own) == {}
    await ask("assistants.delete", own)
    assert await ask("assistants.count", metadata={"by": form}) == 0


async def with_threads(ask: Caller, form: str) -> None:
    thread = (await ask("threads.create", metadata={"by": form}))["thread_id"]
    await ask("threads.update", thread, metadata={"more": 1})
    assert (await ask("threads.get", thread))["metadata"] == {"by": form, "more": 1}
    assert [one["thread_id"] for one in await ask("threads.search", ids=[thread])] == [thread]
    assert await ask("threads.count", metadata={"by": form}) == 1
    await ask("threads.update_state", thread, HELLO, as_node="answer")
    assert (await ask("threads.get_state", thread))["values"]["messages"]
    assert len(await ask("threads.get_history", thread)) == 1
    copy = (await ask("threads.copy", thread))["thread_id"]
    assert (await ask("threads.get_state", copy))["values"]["messages"]
    await ask("runs.wait", thread, "chat", input=HELLO)
    assert await ask.first("threads.join_stream", thread, last_event_id="-", at_most=1)
    assert (await ask("threads.prune", [copy], strategy="keep_latest"))["pruned_count"] == 1
    for one in (thread, copy):
        await ask("threads.delete", one)
    assert await ask("threads.count", metadata={"by": form}) == 0


async def with_runs(ask: Caller, form: str) -> None:
    thread = (await ask("threads.create"))["thread_id"]
    made = await ask("runs.create", thread, "chat", input=HELLO, metadata={"by": form})
    said = await ask("runs.join", thread, made["run_id"])
    assert said["messages"][-1]["content"] == "you said hi as words"
    assert (await ask("runs.get", thread, made["run_id"]))["status"] == "success"
    assert [one["run_id"] for one in await ask("runs.list", thread)] == [made["run_id"]]
    again = await ask.first("runs.join_stream", thread, made["run_id"], last_event_id="-1")
    streamed = await ask.first("runs.stream", thread, "chat", input=HELLO)
    assert [again[-1].event, streamed[-1].event] == ["end", "end"]
    assert (await ask("runs.wait", None, "chat", input=HELLO))["messages"]
    await ask("runs.delete", thread, made["run_id"])
    batch = await ask("runs.create_batch", [{"assistant_id": "chat", "input": HELLO}] * 2)
    assert len({one["thread_id"] for one in batch}) == 2
    slow = {"n": 50, "tag": f"stopped-{form}", "seconds": 0.5}
    for stop in ("runs.cancel", "runs.cancel_many"):
        run = await ask("runs.create", thread, "slow", input=slow)
        if stop == "runs.cancel":
            await ask(stop, thread, run["run_id"], wait=True)
        else:
            await ask(stop, thread_id=thread, run_ids=[run["run_id"]])
            await ask("runs.join", thread, run["run_id"])
        assert (await ask("runs.get", thread, run["run_id"]))["status"] == "interrupted"


async def with_crons(ask: Caller, form: str) -> None:
    thread = (await ask("threads.create"))["thread_id"]
    about = {"by": form}
    one = await ask("crons.create", "chat", schedule=LATER, input=HELLO, metadata=about)
    other = await ask(
        "crons.create_for_thread", thread, "chat", schedule=LATER, input=HELLO, metadata=about
    )
    changed = await ask("crons.update", one["cron_id"], schedule="0 0 2 1 *")
    assert changed["schedule"] == "0 0 2 1 *"
    assert await ask("crons.count", metadata=about) == 2
    assert len(await ask("crons.search", metadata=about)) == 2
    for made in (one, other):
        await ask("crons.delete", made["cron_id"])
    assert await ask("crons.count", metadata=about) == 0


async def with_store(ask: Caller, form: str) -> None:
    place = ["notes", form]
    await ask("store.put_item", place, key="k", value={"a": 1})
    assert (await ask("store.get_item", place, key="k"))["value"] == {"a": 1}
    assert [one["key"] for one in (await ask("store.search_items", place))["items"]] == ["k"]
    listed = await ask("store.list_namespaces", prefix=["notes"])
    assert place in listed["namespaces"]
    await ask("store.delete_item", place, key="k")
    assert (await ask("store.search_items", place))["items"] == []
