"""A long thread stays small: messages are summarised, old checkpoints go."""

import json
import uuid
from typing import Any

import psycopg

from graph.checkpoints import open_saver
from graph.server.thread_pruning import prune_when_long
from tests.doubles.scripted_agents import EffectsInMemory, plan_of, scripted_graph, step

_BYTES = """
select coalesce(sum(t.n), 0) from (
  select length(checkpoint::text) + length(metadata::text) as n from langgraph.checkpoints where thread_id = %(t)s
  union all select length(blob) from langgraph.checkpoint_blobs where thread_id = %(t)s
  union all select length(blob) from langgraph.checkpoint_writes where thread_id = %(t)s
) t
"""


def stored(database_url: str, thread: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute(_BYTES, {"t": thread}).fetchone()
    assert row
    return int(row[0])


async def test_rows_of_a_long_thread_stay_below_five_times_its_content(database_url: str):
    thread = str(uuid.uuid4())
    config: Any = {"configurable": {"thread_id": thread}}
    async with open_saver(database_url) as saver:
        graph = scripted_graph(EffectsInMemory(), checkpointer=saver)
        for turn in range(40):
            asked = {"question": f"question {turn} about the berths? " + "long words " * 30}
            plan = plan_of(step("a"), step("b", "a"), step("c"))
            await graph.ainvoke({**asked, "own_plan": plan}, config, durability="sync")
        state = (await graph.aget_state(config)).values
        messages = [one.text for one in state["messages"]]
        content = len(json.dumps({**state, "messages": messages}, default=str))
        before = stored(database_url, thread)
        assert await prune_when_long(saver, thread)
        after = stored(database_url, thread)
        assert not await prune_when_long(saver, thread)
        assert (await graph.aget_state(config)).values == state
        more = await graph.ainvoke({"question": "and now?", "own_plan": plan}, config)
    print(
        f"content {content:,} B, rows before {before:,} B, after {after:,} B = {after / content:.2f} times"
    )
    assert len(messages) <= 60
    assert "question 0 about" in state["summary"]
    assert after < 5 * content
    assert more["status"] == "completed"
