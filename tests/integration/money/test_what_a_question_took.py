"""What a question took stands in its answer: also of a kept one, and whatever the clock of its worker says."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from psycopg.types.json import Jsonb

from graph.gateways.answer_log import PostgresAnswerLog
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresQuestionCosts
from graph.nodes.remember import Remember
from graph.state import State
from kb_contract.identifiers import DEFAULT_WORKSPACE
from tests.doubles.loopback_provider import LoopbackProvider
from tests.integration.money.conftest import ask, model_of

pytestmark = pytest.mark.stack
Turn = Callable[..., Any]
BEGUN = """
insert into ops.runs (run_id, thread_id, assistant_id, kwargs, attempt)
values (gen_random_uuid(), %(thread)s, 'kb', %(kwargs)s, %(attempt)s)"""


@pytest.fixture
async def thread(pool: LazyPool) -> str:
    thread = uuid.uuid4().hex
    await pool.run("insert into ops.threads (thread_id) values (%(thread)s)", {"thread": thread})
    return thread


@pytest.fixture
async def turn(pool: LazyPool, provider: LoopbackProvider, thread: str) -> Turn:
    """One question of a thread that asks a model once, and is remembered."""
    config = RunnableConfig(configurable={"thread_id": thread})
    model = model_of(pool, provider)

    async def asked(_: object) -> str:
        return await ask(model)

    async def taken(
        clock: Callable[[], float] = time.time, began: float | None = None, **more: Any
    ) -> dict[str, Any]:
        began = clock() if began is None else began
        await RunnableLambda(asked).ainvoke("", config)
        made = StateGraph(State)
        answers = PostgresAnswerLog(pool, DEFAULT_WORKSPACE)
        made.add_node("remember", Remember(answers, PostgresQuestionCosts(pool), clock=clock))
        made.add_edge(START, "remember")
        graph: Any = made.compile(checkpointer=InMemorySaver())
        said = {
            "question": "q",
            "answer": "a",
            "status": "completed",
            "answer_id": uuid.uuid4().hex,
        }
        done = await graph.ainvoke({**said, "timings": {"asked_at": began}, **more}, config)
        return done["usage"]

    return taken


async def test_a_kept_answer_says_what_it_took_to_find_it(
    turn: Turn, provider: LoopbackProvider
) -> None:
    kept = {"cached": True, "cache": {"answer_id": "earlier"}}
    usage = await turn(**kept)
    assert usage["cached"] is True
    assert (usage["calls"], usage["models"]) == (1, ["openai/primary"])
    assert usage["cost"] == pytest.approx(provider.dollars())
    assert provider.dollars() > 0


@pytest.mark.parametrize("ahead", [3600.0, -3600.0])
async def test_a_workers_clock_that_is_wrong_loses_and_adds_no_request(
    turn: Turn, provider: LoopbackProvider, ahead: float
) -> None:
    for _ in range(2):
        before = provider.dollars()
        usage = await turn(lambda: time.time() + ahead)
        assert usage["calls"] == 1
        assert usage["cost"] == pytest.approx(provider.dollars() - before)


@pytest.mark.parametrize("ahead", [30.0, -30.0])
async def test_nor_do_two_workers_whose_clocks_differ(turn: Turn, ahead: float) -> None:
    for _ in range(2):
        usage = await turn(began=time.time() + ahead)
        assert usage["calls"] == 1


async def test_what_was_asked_just_before_and_came_to_nothing_is_not_in_it(
    turn: Turn, pool: LazyPool, thread: str
) -> None:
    async def begun(given: Any, attempt: int = 1) -> None:
        kwargs = Jsonb({"input": given, "command": None if given else {"resume": True}})
        await pool.run(BEGUN, {"thread": thread, "kwargs": kwargs, "attempt": attempt})

    await begun({"question": "q"})
    assert (await turn())["calls"] == 1
    await pool.run("delete from ops.answers where thread_id = %(thread)s", {"thread": thread})
    await begun({"question": "q"})
    assert (await turn())["calls"] == 1
    await pool.run("delete from ops.answers where thread_id = %(thread)s", {"thread": thread})
    # Somebody's approval is of the same question; and a run that waits has asked nothing yet.
    await begun(None)
    await begun({"question": "another"}, attempt=0)
    assert (await turn())["calls"] == 2
