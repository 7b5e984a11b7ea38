"""A process that answers one question of a thread with the whole graph on Postgres, until it is killed."""

import asyncio
import logging
from multiprocessing.synchronize import Event
from typing import Any

import structlog

from graph.checkpoints import PostgresSaver, checkpoint_pool
from graph.entrypoint import build_graph
from graph.planning.workflow_plan import WorkflowStep
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.scripted_agents import plan_of
from tests.doubles.whole_reader import gateways_in_memory, reader_settings

FACTS = {
    "keeper": "Signing keys are rotated every 90 days.",
    "porter": "Signing keys are handed out by the porter.",
}


def answer(
    database_url: str, models_file: str, thread_id: str, question: str, begins: Event
) -> None:
    """Begin with the question, or go on where the last process died."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(_answer(database_url, models_file, thread_id, question, begins))


def known() -> InMemoryKnowledge:
    knowledge = InMemoryKnowledge()
    for agent, fact in FACTS.items():
        knowledge.add_document(
            agent, f"knowledge/{agent}/keys.md", f"# Keys\n\n{fact} Ask the lead.\n"
        )
    return knowledge


async def _answer(
    database_url: str, models_file: str, thread_id: str, question: str, begins: Event
) -> None:
    settings = reader_settings(
        database_url, llm_profile="house", llm_profiles=models_file, result_cache_ttl=0
    )
    outside = gateways_in_memory(settings, known())
    config: Any = {"configurable": {"thread_id": thread_id}, "metadata": {"thread_id": thread_id}}
    steps = [
        WorkflowStep(step_id=f"ask_{one}", agent=one, capability="knowledge", question=question)
        for one in FACTS
    ]
    async with checkpoint_pool(database_url, largest=4) as pool:
        graph = build_graph(settings, gateways=outside, checkpointer=PostgresSaver(pool))
        begun = (await graph.aget_state(config)).values
        said: Any = None if begun else {"question": question, "own_plan": plan_of(*steps)}
        begins.set()
        await graph.ainvoke(said, config, durability="sync")
    assert outside.model is not None
    await outside.model.close()
    await outside.ledger.close()
    await outside.ops.close()
