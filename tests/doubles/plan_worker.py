"""One run of a scripted plan in a process of its own, so that the process can be killed."""

import asyncio
import logging
from typing import Any

import psycopg
import structlog
from langgraph.types import Command
from pydantic import SecretStr

from graph.checkpoints import PostgresSaver, checkpoint_pool
from graph.gateways.answer_log import PostgresAnswerLog
from graph.gateways.postgres import LazyPool
from tests.doubles.scripted_agents import EffectsInPostgres, scripted_graph


def run_once(
    database_url: str, thread_id: str, plan: dict[str, Any], answers: dict[str, Any]
) -> None:
    """Begin the plan, or go on with it: with answers to approvals, else where it was."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(_run(database_url, thread_id, plan, answers))


async def _run(
    database_url: str, thread_id: str, plan: dict[str, Any], answers: dict[str, Any]
) -> None:
    config: Any = {"configurable": {"thread_id": thread_id}}
    answer_log = PostgresAnswerLog(LazyPool(SecretStr(database_url)), "default")
    async with (
        checkpoint_pool(database_url, largest=4) as pool,
        await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection,
    ):
        graph = scripted_graph(
            EffectsInPostgres(connection), checkpointer=PostgresSaver(pool), answers=answer_log
        )
        state = await graph.aget_state(config)
        said: Any = Command(resume=answers) if answers else None
        if not state.values:
            said = {"question": "q", "own_plan": plan}
        await graph.ainvoke(said, config, durability="sync")
        await answer_log.pool.close()
