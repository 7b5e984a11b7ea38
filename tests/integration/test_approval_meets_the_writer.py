"""A run waits for a person while the real writer swaps the knowledge: pinned or live, as the person says."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from graph.agent_graph import GRAPH_NAME
from graph.entrypoint import build_graph
from graph.testing.running_reader import RunningReader, running_reader
from graph.testing.scripted_approver import approves
from tests.doubles.composed_reader import composed_reader
from tests.doubles.writer_world import WriterWorld

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
QUESTION = "How much may a clerk refund without asking?"
AGENT = "retrieval: {limit: 3, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
OLD = "A clerk may refund 50 without asking."
NEW = "A clerk may refund 20 without asking."
OTHER = "Refunds are paid on Fridays."


def pages(limit: str) -> dict[str, str]:
    return {"limit.md": f"# Refunds\n\n{limit}\n", "days.md": f"# Days\n\n{OTHER}\n"}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish({"agent.yaml": AGENT, **pages(OLD)})
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[RunningReader]:
    async with composed_reader(world) as composed:

        def graph(saver: Any) -> Any:
            return build_graph(composed.settings, checkpointer=saver, gateways=composed.outside)

        async with running_reader(composed.settings, {GRAPH_NAME: graph}) as running:
            yield running


async def waiting(reader: RunningReader, agent: str) -> tuple[str, dict[str, Any]]:
    """Look the limit up; whatever is concluded from it waits for a person."""
    steps = [
        {"step_id": "look", "agent": agent, "question": QUESTION},
        {"step_id": "conclude", "agent": "reasoning", "depends_on": ["look"], "requires_approval": True},
    ]  # fmt: skip
    given = {"question": QUESTION, "own_plan": {"steps": steps}}
    thread = await reader.ask(given, graph=GRAPH_NAME)
    [approval] = await reader.approver("ada").pending(thread)
    return thread, approval


async def answered(reader: RunningReader, thread: str) -> tuple[str, list[str]]:
    values = (await reader.http.get(f"/threads/{thread}/state")).json()["values"]
    assert values["status"] == "completed", values
    return values["answer"], [one["quote"] for one in values["citations"]]


async def told(reader: RunningReader, thread: str) -> dict[str, Any]:
    [shown] = await reader.approver("ada").pending(thread)
    return shown["knowledge"]


async def test_the_approver_is_told_what_the_writer_changed_and_chooses(
    reader: RunningReader, world: WriterWorld
):
    pinned, first = await waiting(reader, world.agent)
    fresh, _ = await waiting(reader, world.agent)
    assert OLD in {one["quote"] for one in first["request"]["evidence"]}
    assert first["knowledge"]["changed"] == 0
    world.publish(pages(NEW))
    for thread in (pinned, fresh):
        said = await told(reader, thread)
        assert (said["changed"], said["cited"]) == (1, first["knowledge"]["cited"])
        [changed] = said["chunks"]
        assert (changed["path"], changed["state"]) == (world.path("limit.md"), "changed")
        assert said["choices"] == ["as_pinned", "refresh"]
    await as_pinned(reader, pinned)
    await refreshed(reader, fresh, first["digest"])


async def as_pinned(reader: RunningReader, thread: str) -> None:
    await reader.approver("ada", lambda _: approves(knowledge="as_pinned")).see_through(thread)
    answer, quoted = await answered(reader, thread)
    assert OLD in answer
    assert OLD in quoted
    assert NEW not in answer


async def refreshed(reader: RunningReader, thread: str, digest: str) -> None:
    """What was found anew is shown and asked about anew."""
    ada = reader.approver("ada", lambda _: approves(knowledge="refresh"))
    await ada.look(thread)
    await ada.settled(thread)
    [again] = await ada.pending(thread)
    assert (again["digest"] != digest, again["knowledge"]["changed"]) == (True, 0)
    assert NEW in {one["quote"] for one in again["request"]["evidence"]}
    ada.rule = lambda _: approves()
    await ada.see_through(thread)
    answer, quoted = await answered(reader, thread)
    assert NEW in answer
    assert NEW in quoted
    assert OLD not in answer
