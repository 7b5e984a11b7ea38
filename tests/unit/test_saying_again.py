"""An attempt that continues between a step's end and its checkpoint tells that step no second time."""

import operator
from collections import Counter
from typing import Annotated, Any, TypedDict, cast

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import RunControl

from graph.server.encoding import to_json
from graph.server.event_sink import EventSink, saying
from graph.server.run_parts import EventNames, Reading, parts_of

THREAD = RunnableConfig(configurable={"thread_id": "one"})
MODES = ["updates", "values"]


class Log(TypedDict, total=False):
    log: Annotated[list[int], operator.add]


class DyingSaver(InMemorySaver):
    """Its process ends when the checkpoint after the step is due; the step's writes are kept."""

    dies = True

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        if self.dies and metadata.get("step") == 1:
            raise ConnectionResetError
        return await super().aput(config, checkpoint, metadata, new_versions)


def step(state: Log) -> Log:
    return {"log": [len(state.get("log", []))]}


async def told(graph: Any, given: Any) -> list[tuple[str, Any]]:
    names, heard = EventNames(MODES), list[tuple[str, Any]]()
    try:
        async for part in parts_of(graph, given, THREAD, Reading(MODES), RunControl()):
            heard.extend(names.events(part))
    except ConnectionResetError:
        heard.append(("died", None))
    return heard


async def test_writes_that_were_kept_are_not_told_again():
    saver = DyingSaver()
    builder = StateGraph(Log)
    builder.add_node("step", step)
    builder.add_node("last", step)
    builder.add_edge(START, "step")
    builder.add_edge("step", "last")
    builder.add_edge("last", END)
    graph = builder.compile(checkpointer=saver)
    first = await told(graph, {"log": []})
    assert first[-1][0] == "died"
    assert ("updates", {"step": {"log": [0]}}) in first
    saver.dies = False
    second = await told(graph, None)
    assert any("__metadata__" in data for event, data in second if event == "updates")

    sink = EventSink(cast("Any", None), "run", 2)
    sink.said_before = Counter(saying(event, to_json(data)) for event, data in first)
    for event, data in second:
        sink.add(event, data)
    new = [text for event, text, _ in sink.waiting if event == "updates"]
    assert new == ['{"last":{"log":[1]}}']


@pytest.mark.parametrize("text", ["[1]", '["__metadata__"]', '{"a":1}', '"__metadata__"'])
def test_other_events_are_told_by_their_text(text: str):
    assert saying("custom", text) == ("custom", text)
