"""Time that is over, or a person who cancels, while a step waits to be tried again."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from graph.checkpoints import strict_serializer
from graph.scheduler.retries import Retries
from tests.doubles.scripted_agents import EffectsInMemory, plan_of, scripted_graph, step


class Waiting:
    """A wait between two tries that lasts until the test says so."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.over = asyncio.Event()

    async def __call__(self, _: float) -> None:
        self.began.set()
        await self.over.wait()


class Thread:
    """A thread whose agents lose their servers."""

    def __init__(self, wait: Callable[[float], Awaitable[None]], **bounds: Any) -> None:
        self.effects = EffectsInMemory()
        saver = InMemorySaver(serde=strict_serializer())
        retries = Retries((1.0, 2.0), wait=wait)
        self.graph = scripted_graph(self.effects, checkpointer=saver, retries=retries, **bounds)
        self.config: Any = {"configurable": {"thread_id": str(uuid.uuid4())}}

    async def go(self, said: Any = None) -> dict[str, Any]:
        await self.graph.ainvoke(said, self.config, durability="sync")
        return (await self.graph.aget_state(self.config)).values

    async def ask(self, *steps: Any) -> dict[str, Any]:
        return await self.go({"question": "q?", "own_plan": plan_of(*steps)})

    def tries(self, name: str) -> int:
        return sum(key.endswith(f"/{name}") for key in self.effects.attempts)

    def done(self, name: str) -> int:
        return sum(key.endswith(f"/{name}") for key in self.effects.effects)


async def test_a_steps_time_counts_while_it_waits_to_try_again():
    thread = Thread(Waiting())
    slow = step("a", script={"fails": 1}, timeout_seconds=2)
    state = await thread.ask(slow, step("b"), step("c", "a"))
    results = state["results"]
    assert results["a"]["error"] == "it took longer than 2 s"
    assert (results["b"]["status"], results["c"]["status"]) == ("done", "skipped")
    assert (thread.tries("a"), thread.done("a"), state["status"]) == (1, 0, "partial")


async def test_the_runs_time_counts_too():
    thread = Thread(Waiting(), timeout=2)
    state = await thread.ask(step("a", script={"fails": 1}), step("late", "a", policy="optional"))
    assert "longer than" in state["results"]["a"]["error"]
    assert state["results"]["late"]["status"] == "skipped"
    assert thread.tries("late") == 0


async def test_a_run_that_is_cancelled_between_two_tries_goes_on_later_and_does_it_once():
    wait = Waiting()
    thread = Thread(wait)
    gate = step("act", requires_approval=True, script={"fails": 1})
    await thread.ask(gate, step("other", script={"seconds": 0.01}))
    [asked] = (await thread.graph.aget_state(thread.config)).interrupts
    answer = Command(resume={asked.id: {"decisions": [{"type": "approve"}]}})
    run = asyncio.create_task(thread.go(answer))
    await asyncio.wait_for(wait.began.wait(), 60)
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    assert run.cancelled()
    assert (thread.tries("act"), thread.done("act"), thread.done("other")) == (1, 0, 1)
    wait.over.set()
    state = await thread.go()
    assert {name: one["status"] for name, one in state["results"].items()} == {
        "act": "done", "other": "done",
    }  # fmt: skip
    assert (thread.done("act"), thread.done("other"), thread.tries("other")) == (1, 1, 1)
    assert state["results"]["act"]["data"]["approval"]["decision"] == "approve"


async def test_cancelled_again_and_again_it_is_still_done_once():
    wait = Waiting()
    thread = Thread(wait)
    said: Any = {"question": "q?", "own_plan": plan_of(step("a", script={"fails": 4}))}
    for _ in range(4):
        wait.began.clear()
        run = asyncio.create_task(thread.go(said))
        await asyncio.wait_for(wait.began.wait(), 60)
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        said = None
    state = await thread.go()
    assert state["results"]["a"]["status"] == "done"
    assert (thread.tries("a"), thread.done("a")) == (5, 1)
