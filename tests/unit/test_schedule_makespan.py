"""How long random plans take, on a clock that jumps: the critical path, and never too many at once."""

import asyncio
import random
import uuid
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver

from graph.checkpoints import strict_serializer
from graph.planning.workflow_plan import MAX_STEPS, WorkflowStep
from tests.doubles.scripted_agents import EffectsInMemory, plan_of, scripted_graph, step
from tests.doubles.virtual_clock import run_in_virtual_time


class Counted(EffectsInMemory):
    """Counts how many steps work at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.working = self.most = 0

    async def attempt(self, key: str) -> int:
        self.working += 1
        self.most = max(self.most, self.working)
        return await super().attempt(key)

    async def effect(self, key: str) -> None:
        self.working -= 1
        await super().effect(key)


def random_steps(seed: int) -> list[WorkflowStep]:
    dice = random.Random(seed)
    names = [f"s{n}" for n in range(dice.randint(1, MAX_STEPS))]
    likely = dice.uniform(0.05, 0.6)
    steps = [
        step(
            name,
            *[one for one in names[:place] if dice.random() < likely],
            script={"seconds": round(dice.uniform(0.1, 50), 3)},
            timeout_seconds=600,
        )
        for place, name in enumerate(names)
    ]
    dice.shuffle(steps)
    return steps


def critical_path(steps: list[WorkflowStep]) -> float:
    known = {one.step_id: one for one in steps}

    def ends(one: WorkflowStep) -> float:
        before = max((ends(known[need]) for need in one.depends_on), default=0.0)
        return before + one.parameters["seconds"]

    return max(ends(one) for one in steps)


async def run(steps: list[WorkflowStep], max_parallel: int) -> tuple[float, int, dict[str, Any]]:
    effects = Counted()
    graph = scripted_graph(
        effects, checkpointer=InMemorySaver(serde=strict_serializer()), max_parallel=max_parallel,
        timeout=86_400,
    )  # fmt: skip
    config: Any = {"configurable": {"thread_id": str(uuid.uuid4())}}
    loop = asyncio.get_running_loop()
    began = loop.time()
    state = await graph.ainvoke({"question": "q", "own_plan": plan_of(*steps)}, config)
    return loop.time() - began, effects.most, state


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_with_room_for_all_a_plan_takes_its_critical_path(seed: int):
    steps = random_steps(seed)
    seconds, _, state = run_in_virtual_time(run(steps, MAX_STEPS))
    assert state["status"] == "completed"
    assert critical_path(steps) <= seconds <= 1.1 * critical_path(steps)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9), max_parallel=st.integers(1, 6))
def test_never_more_at_once_than_allowed_and_no_slot_left_idle(seed: int, max_parallel: int):
    steps = random_steps(seed)
    seconds, most, state = run_in_virtual_time(run(steps, max_parallel))
    assert state["status"] == "completed"
    assert most <= max_parallel
    # What any schedule without idle slots keeps to.
    longest, work = critical_path(steps), sum(one.parameters["seconds"] for one in steps)
    assert seconds <= 1.001 * ((work - longest) / max_parallel + longest)


def test_retries_wait_one_two_and_four_seconds():
    steps = [step("a", script={"fails": 3})]

    async def timed() -> float:
        from graph.scheduler.retries import Retries

        graph = scripted_graph(
            EffectsInMemory(), checkpointer=InMemorySaver(serde=strict_serializer()),
            retries=Retries(dice=lambda: 1.0),
        )  # fmt: skip
        loop = asyncio.get_running_loop()
        began = loop.time()
        config: Any = {"configurable": {"thread_id": "t"}}
        await graph.ainvoke({"question": "q", "own_plan": plan_of(*steps)}, config)
        return loop.time() - began

    assert abs(run_in_virtual_time(timed()) - 7 * 1.25) < 0.01
