"""The graph on the saver that production uses."""

import uuid
from typing import Any

import psycopg
from langgraph.types import Command

from graph.checkpoints import open_saver
from graph.state import Question
from tests.doubles.scripted_agents import EffectsInMemory, plan_of, scripted_graph, step


def thread(**metadata: Any) -> Any:
    return {"configurable": {"thread_id": str(uuid.uuid4())}, "metadata": metadata}


async def test_an_approval_survives_the_process_that_asked(database_url: str):
    effects, config = EffectsInMemory(), thread()
    plan = plan_of(step("a"), step("g", "a", requires_approval=True), step("h", "g"))
    async with open_saver(database_url) as saver:
        await scripted_graph(effects, checkpointer=saver).ainvoke(
            {"question": "q", "own_plan": plan}, config, durability="sync"
        )
    async with open_saver(database_url) as saver:
        graph = scripted_graph(effects, checkpointer=saver)
        waiting = (await graph.aget_state(config)).interrupts
        answers = {waiting[0].id: {"decisions": [{"type": "approve"}]}}
        end = await graph.ainvoke(Command(resume=answers), config, durability="sync")
    assert end["status"] == "completed"
    assert [key.rsplit("/", 1)[1] for key in effects.effects] == ["a", "g", "h"]


async def test_text_that_postgres_refuses_stops_no_one(database_url: str):
    async with open_saver(database_url) as saver:
        graph = scripted_graph(EffectsInMemory(), checkpointer=saver)
        config = thread(trace_id="t\x00race\ud800")
        end = await graph.ainvoke(
            {"question": "a\x00b \ud800 \U000fffff", "own_plan": plan_of(step("a"))}, config
        )
        state = (await graph.aget_state(config)).values
    assert end["status"] == "completed"
    assert state["question"] == "ab \ufffd \U000fffff"
    assert state["trace_id"] == "trace\ufffd"


async def test_a_question_may_come_as_an_object(database_url: str):
    async with open_saver(database_url) as saver:
        graph = scripted_graph(EffectsInMemory(), checkpointer=saver)
        asked = Question(question="q", own_plan=plan_of(step("a")))
        assert (await graph.ainvoke(asked, thread()))["status"] == "completed"


async def test_a_step_keeps_no_checkpoints_of_its_own(database_url: str):
    async with open_saver(database_url) as saver:
        graph = scripted_graph(EffectsInMemory(), checkpointer=saver)
        plan = plan_of(*(step(f"s{n}") for n in range(10)))
        await graph.ainvoke({"question": "q", "own_plan": plan}, thread(), durability="sync")
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found = await connection.execute("select count(*) from langgraph.checkpoints")
        row = await found.fetchone()
    assert row is not None
    assert row[0] < 12
