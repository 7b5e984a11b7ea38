"""A long thread stays small: messages are summarised, old checkpoints go."""

import json
import uuid
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from graph.checkpoints import open_saver
from graph.server.database import Database, server_pool
from graph.server.thread_pruning import prune_when_long
from graph.testing.running_reader import running_reader, running_worker
from tests.doubles.approval_world import GRAPH, World, settings_of
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
    pool = server_pool(SecretStr(database_url), largest=2)
    async with open_saver(database_url) as saver, pool:
        database = Database(pool, "default")
        await database.row("new_thread", thread_id=thread, metadata=Jsonb({}))
        graph = scripted_graph(EffectsInMemory(), checkpointer=saver)
        for turn in range(40):
            asked = {"question": f"question {turn} about the berths? " + "long words " * 30}
            plan = plan_of(step("a"), step("b", "a"), step("c"))
            await graph.ainvoke({**asked, "own_plan": plan}, config, durability="sync")
        state = (await graph.aget_state(config)).values
        messages = [one.text for one in state["messages"]]
        content = len(json.dumps({**state, "messages": messages}, default=str))
        before = stored(database_url, thread)
        assert await prune_when_long(database, saver, thread)
        after = stored(database_url, thread)
        assert not await prune_when_long(database, saver, thread)
        assert (await graph.aget_state(config)).values == state
        more = await graph.ainvoke({"question": "and now?", "own_plan": plan}, config)
    print(
        f"content {content:,} B, rows before {before:,} B, after {after:,} B = {after / content:.2f} times"
    )
    assert len(messages) <= 60
    assert "question 0 about" in state["summary"]
    assert after < 5 * content
    assert more["status"] == "completed"


async def test_a_thread_is_left_alone_while_a_run_goes_on_from_its_past(database_url: str):
    """A run that begins at an old state needs what pruning would drop, from before it has said a word."""
    world = World(database_url)
    settings = settings_of(database_url)
    async with running_reader(settings, world.graphs(), with_worker=False) as reader:
        async with running_worker(settings, world.graphs()):
            given = {"question": "q?", "own_plan": plan_of(step("a", agent="a"))}
            thread = await reader.ask(given, graph=GRAPH)
            history = (await reader.http.get(f"/threads/{thread}/history")).json()
            past = next(one for one in history if one["next"] == ["execute"])
        fork = {"assistant_id": GRAPH, "input": None, "checkpoint_id": past["checkpoint_id"]}
        run = (await reader.http.post(f"/threads/{thread}/runs", json=fork)).json()["run_id"]
        parts = reader.app.state.parts
        assert not await prune_when_long(parts.database, parts.saver, thread, most=1)
        by_hand = {"thread_ids": [thread], "strategy": "keep_latest"}
        pruned = (await reader.http.post("/threads/prune", json=by_hand)).json()
        assert pruned == {"pruned_count": 0}
        assert len((await reader.http.get(f"/threads/{thread}/history")).json()) == len(history)
        async with running_worker(settings, world.graphs()):
            values = (await reader.http.get(f"/threads/{thread}/runs/{run}/join")).json()
        assert (values["status"], world.counted()["a"]) == ("completed", 2)
        pruned = (await reader.http.post("/threads/prune", json=by_hand)).json()
        assert pruned == {"pruned_count": 1}
        assert len((await reader.http.get(f"/threads/{thread}/history")).json()) == 1
        left = (await reader.http.get(f"/threads/{thread}/state")).json()["values"]
        assert left["answer"] == values["answer"]
