"""Random plans, cancelled at random moments, their approvals answered one at a time."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from graph.checkpoints import strict_serializer
from tests.doubles.random_plans import (
    Damage,
    RandomPlan,
    decided_steps,
    finished_steps,
    random_plan,
)
from tests.doubles.scripted_agents import EffectsInMemory, scripted_graph

PLANS = 60
IN_MAKE_TEST = 20
MOST_ROUNDS = 80


class Ordeal:
    """One plan on its way to the end."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.random_plan: RandomPlan = random_plan(seed, slowest=0.03)
        self.effects = EffectsInMemory()
        self.saver = InMemorySaver(serde=strict_serializer())
        self.graph = scripted_graph(self.effects, checkpointer=self.saver)
        self.config: Any = {"configurable": {"thread_id": str(uuid.uuid4())}}
        self.cancelled = 0
        self.attempts_when_finished: dict[str, int] = {}

    async def run(self) -> dict[str, Any]:
        said: Any = {"question": "q", "own_plan": self.random_plan.plan}
        for _ in range(MOST_ROUNDS):
            await self._one_run(said)
            found = await self.saver.aget_tuple(self.config)
            self._note_finished(finished_steps(found))
            state = await self.graph.aget_state(self.config)
            # `next` is empty too when a superstep has ended and is not yet taken in.
            if state.values and not state.tasks:
                return state.values
            said = await self._next_input(state, decided_steps(found))
        raise AssertionError(f"not at its end after {MOST_ROUNDS} runs")

    async def _one_run(self, said: Any) -> None:
        run = asyncio.create_task(self.graph.ainvoke(said, self.config, durability="sync"))
        if self.dice.random() < 0.6:
            await asyncio.wait({run}, timeout=self.dice.uniform(0, 0.08))
            self.cancelled += run.cancel()
        await asyncio.gather(run, return_exceptions=True)
        assert run.cancelled() or run.exception() is None, run.exception()

    async def _next_input(self, state: Any, decided: set[str]) -> Any:
        if not state.values:
            return {"question": "q", "own_plan": self.random_plan.plan}
        waiting = {one.value["step_id"]: one.id for one in state.interrupts}
        open_ones = sorted(set(waiting) - decided)
        if not open_ones:
            return None
        chosen = self.dice.choice(open_ones)
        return Command(
            resume={waiting[chosen]: {"decisions": [self.random_plan.decisions[chosen]]}}
        )

    def _note_finished(self, finished: set[str]) -> None:
        now = self.attempts()
        for name in finished:
            self.attempts_when_finished.setdefault(name, now[name])

    def attempts(self) -> Counter[str]:
        return Counter(key.rsplit("/", 1)[1] for key in self.effects.attempts)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(first, marks=[] if first < IN_MAKE_TEST else pytest.mark.full)
        for first in range(0, PLANS, 10)
    ],
)
async def test_nothing_is_lost_wrong_or_repeated(
    first: int, record_property: Callable[[str, object], None]
):
    ordeals = [Ordeal(seed) for seed in range(first, first + 10)]
    ends = await asyncio.gather(*(one.run() for one in ordeals))
    damage = Damage()
    for seed, (ordeal, end) in enumerate(zip(ordeals, ends, strict=True), start=first):
        ended = {name: one["status"] for name, one in end["results"].items()}
        expected = ordeal.random_plan.statuses()
        damage.look(expected, ended, ordeal.attempts_when_finished, ordeal.attempts(), seed)
    cancelled = sum(one.cancelled for one in ordeals)
    told = {"plans": len(ordeals), "faults": f"{cancelled} cancels", **damage.told()}
    for name, value in told.items():
        record_property(name, value)
    assert damage == Damage()
    assert cancelled > 0
