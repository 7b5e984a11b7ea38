"""A run that was killed between a node's writes and the checkpoint after them is not at its end."""

from typing import Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from graph.server.run_parts import is_unfinished


class Count(TypedDict, total=False):
    first: int
    second: int


class DiesBeforeTheCheckpoint(InMemorySaver):
    """Keeps writes, and dies when the checkpoint that follows them is due."""

    dying = True

    async def aput(
        self, config: RunnableConfig, checkpoint: Any, metadata: Any, new_versions: Any
    ) -> Any:
        if self.dying and metadata.get("step") == 1:
            raise ConnectionError("killed")
        return await super().aput(config, checkpoint, metadata, new_versions)


def one(state: Count) -> Count:
    return {"first": state.get("first", 0) + 1}


def two(state: Count) -> Count:
    return {"second": state.get("first", 0) + 1}


async def test_kept_writes_do_not_look_like_the_end() -> None:
    builder = StateGraph(Count)
    builder.add_node("one", one)
    builder.add_node("two", two)
    builder.add_edge(START, "one")
    builder.add_edge("one", "two")
    builder.add_edge("two", END)
    saver = DiesBeforeTheCheckpoint()
    graph = builder.compile(checkpointer=saver)
    place = RunnableConfig(configurable={"thread_id": "t"})
    with pytest.raises(ConnectionError):
        await graph.ainvoke({"first": 0}, place, durability="sync")
    saver.dying = False
    killed = await graph.aget_state(place)
    assert killed.next == ()
    assert is_unfinished(killed)
    assert await graph.ainvoke(None, place) == {"first": 1, "second": 2}
    assert not is_unfinished(await graph.aget_state(place))
