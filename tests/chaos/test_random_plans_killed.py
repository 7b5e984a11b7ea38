"""Random plans on Postgres, whose process is killed with SIGKILL at random moments."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from graph.checkpoints import PostgresSaver, open_saver
from tests.doubles.plan_worker import run_once
from tests.doubles.quick_processes import quick_processes
from tests.doubles.random_plans import (
    Damage,
    RandomPlan,
    decided_steps,
    finished_steps,
    random_plan,
)
from tests.doubles.scripted_agents import EffectsInMemory, EffectsInPostgres, scripted_graph

MOST_ROUNDS = 60
MOST_KILLS = 4  # of one plan: on a busy machine a process may die before it has done anything


class Ordeal:
    """One plan on its way to the end through processes that die."""

    def __init__(self, seed: int, database_url: str, saver: PostgresSaver) -> None:
        self.dice = random.Random(seed)
        self.random_plan: RandomPlan = random_plan(seed, slowest=0.08)
        self.database_url = database_url
        self.saver = saver
        self.graph = scripted_graph(EffectsInMemory(), checkpointer=saver)
        self.thread_id = str(uuid.uuid4())
        self.config: Any = {"configurable": {"thread_id": self.thread_id}}
        self.kills = 0
        self.attempts_when_finished: dict[str, int] = {}
        self.decided: set[str] = set()

    async def run(self) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for _ in range(MOST_ROUNDS):
            await self._one_process(answers)
            found = await self.saver.aget_tuple(self.config)
            await self._note_finished(finished_steps(found))
            state = await self.graph.aget_state(self.config)
            if state.values and not state.tasks:
                return state.values
            answers = self._next_answer(state, decided_steps(found))
        raise AssertionError(f"not at its end after {MOST_ROUNDS} processes")

    async def _one_process(self, answers: dict[str, Any]) -> None:
        process = quick_processes().Process(
            target=run_once,
            args=(self.database_url, self.thread_id, self.random_plan.plan, answers),
        )
        process.start()
        killed = self.kills < MOST_KILLS and self.dice.random() < 0.75
        patience = self.dice.uniform(0.05, 0.4) if killed else 60
        await asyncio.to_thread(process.join, patience)
        if process.exitcode is None:
            process.kill()
            self.kills += 1
            await asyncio.to_thread(process.join, 60)
        assert process.exitcode in (0, -9)

    def _next_answer(self, state: Any, decided: set[str]) -> dict[str, Any]:
        if any(one.name == "execute" for one in state.tasks):
            assert self.decided <= decided, "a decision was lost"
            self.decided = decided
        waiting = {one.value["step_id"]: one.id for one in state.interrupts}
        open_ones = sorted(set(waiting) - decided)
        if not open_ones:
            return {}
        chosen = self.dice.choice(open_ones)
        return {waiting[chosen]: {"decisions": [self.random_plan.decisions[chosen]]}}

    async def _note_finished(self, finished: set[str]) -> None:
        attempts = await self.attempts()
        for name in finished:
            self.attempts_when_finished.setdefault(name, attempts[name])

    async def attempts(self) -> Counter[str]:
        state = await self.graph.aget_state(self.config)
        async with await psycopg.AsyncConnection.connect(self.database_url) as connection:
            rows = await connection.execute(
                "select split_part(key, '/', 2) from scripted where kind = 'attempt' and key like %s",
                (f"{state.values.get('answer_id', '?')}/%",),
            )
            return Counter([name for (name,) in await rows.fetchall()])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("plans", [5, pytest.param(15, marks=pytest.mark.full)])
async def test_nothing_is_lost_wrong_or_repeated(
    database_url: str, plans: int, record_property: Callable[[str, object], None]
):
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(EffectsInPostgres.TABLE)
    kills = 0
    damage = Damage()
    async with open_saver(database_url) as saver:
        for seed in range(plans):
            ordeal = Ordeal(seed, database_url, saver)
            end = await ordeal.run()
            ended = {name: one["status"] for name, one in end["results"].items()}
            expected = ordeal.random_plan.statuses()
            finished = ordeal.attempts_when_finished
            damage.look(expected, ended, finished, await ordeal.attempts(), seed)
            kills += ordeal.kills
    told = {"plans": plans, "faults": f"{kills} kills", **damage.told()}
    for name, value in told.items():
        record_property(name, value)
    assert damage == Damage()
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        kept = await (await connection.execute("select count(*) from ops.answers")).fetchone()
    assert kept == (plans,)
    assert kills >= plans // 2
