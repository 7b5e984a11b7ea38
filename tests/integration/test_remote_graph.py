"""`RemoteGraph` of langgraph, unmodified, against our server: alone, and as a node of a graph elsewhere."""

import asyncio
import uuid
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command

from tests.doubles.demo_processes import DemoProcesses

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
HELLO: Any = {"messages": [{"role": "user", "content": "hi"}]}


async def thread_of(graph: RemoteGraph) -> RunnableConfig:
    made = await graph.client.threads.create(thread_id=str(uuid.uuid4()))  # type: ignore[union-attr]
    return RunnableConfig(configurable={"thread_id": made["thread_id"]})


async def test_it_is_asked_and_looked_into(processes: DemoProcesses):
    graph = RemoteGraph("chat", url=processes.url)
    alone = await graph.ainvoke(HELLO)
    assert alone["messages"][-1]["content"] == "you said hi as words"
    place = await thread_of(graph)
    parts = [one async for one in graph.astream(HELLO, place, stream_mode=["updates", "custom"])]
    assert {one.event for one in parts} == {"updates", "custom"}
    state = await graph.aget_state(place)
    assert len(state.values["messages"]) == 2
    await graph.aupdate_state(place, HELLO, as_node="answer")
    assert len((await graph.aget_state(place)).values["messages"]) == 3
    history = [one async for one in graph.aget_state_history(place)]
    assert [one.metadata["step"] for one in history] == sorted(
        (one.metadata["step"] for one in history), reverse=True
    )
    drawn = await graph.aget_graph()
    assert {"__start__", "answer", "__end__"} == set(drawn.nodes)


async def test_it_waits_for_people_and_goes_on(processes: DemoProcesses):
    graph = RemoteGraph("dag", url=processes.url)
    place = await thread_of(graph)
    await graph.ainvoke({"request": "remote"}, place)
    waiting = (await graph.aget_state(place)).interrupts
    assert len(waiting) == 2
    answers = {one.id: f"yes {one.id}" for one in waiting}
    done = await graph.ainvoke(Command(resume=answers), place)
    assert done["final"] == "g,g2"


async def test_what_it_asks_inside_of_another_graph_is_asked_there(processes: DemoProcesses):
    builder = StateGraph(dict)
    builder.add_node("remote", RemoteGraph("dag", url=processes.url))
    builder.add_edge(START, "remote")
    builder.add_edge("remote", END)
    whole = builder.compile(checkpointer=InMemorySaver())
    place = RunnableConfig(configurable={"thread_id": str(uuid.uuid4())})
    values = await whole.ainvoke({"request": "inside"}, place)
    assert len(values["__interrupt__"]) == 2


async def test_it_is_a_node_of_another_graph(processes: DemoProcesses):
    builder = StateGraph(MessagesState)
    builder.add_node("remote", RemoteGraph("chat", url=processes.url))
    builder.add_edge(START, "remote")
    builder.add_edge("remote", END)
    whole = builder.compile(checkpointer=InMemorySaver())
    place = RunnableConfig(configurable={"thread_id": str(uuid.uuid4())})
    values = await whole.ainvoke(HELLO, place)
    assert values["messages"][-1].content == "you said hi as words"


async def test_its_other_half_waits(processes: DemoProcesses):
    graph = RemoteGraph("chat", url=processes.url)
    values: Any = await asyncio.to_thread(graph.invoke, HELLO)
    assert values["messages"][-1]["content"] == "you said hi as words"
