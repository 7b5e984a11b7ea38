"""A copied thread asks people for itself: what was allowed in one thread is done in no other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from graph.testing.running_reader import RunningReader, running_reader
from graph.testing.scripted_approver import approves, rejects
from tests.doubles.approval_world import GRAPH, World, settings_of
from tests.doubles.scripted_agents import plan_of, step

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
POLICIES = '{"guarded": {"separate_approver": true}}'


@pytest.fixture
def world(database_url: str) -> World:
    return World(database_url)


@pytest.fixture
async def reader(world: World) -> AsyncIterator[RunningReader]:
    settings = settings_of(world.database_url, approval_policies=POLICIES)
    async with running_reader(settings, world.graphs()) as running:
        yield running


async def asked(reader: RunningReader, *steps: Any, user: str = "asker") -> str:
    return await reader.ask({"question": "q?", "own_plan": plan_of(*steps)}, graph=GRAPH, user=user)


async def copied(reader: RunningReader, thread: str, user: str = "copier") -> str:
    reply = await reader.http.post(f"/threads/{thread}/copy", headers={"X-User": user})
    return reply.raise_for_status().json()["thread_id"]


async def go_on(reader: RunningReader, thread: str, user: str = "copier") -> None:
    run = {"assistant_id": GRAPH, "input": None}
    place = f"/threads/{thread}/runs/wait"
    (await reader.http.post(place, json=run, headers={"X-User": user})).raise_for_status()


def gate(agent: str = "pay") -> Any:
    return step("g", agent=agent, requires_approval=True)


async def test_each_thread_has_its_own_answer(reader: RunningReader, world: World):
    thread = await asked(reader, gate())
    copy = await copied(reader, thread)
    ada = reader.approver("ada")
    [original], [its_copy] = await ada.pending(thread), await ada.pending(copy)
    assert (original["digest"], original["thread_id"]) == (its_copy["digest"], thread)
    both = await reader.http.post(f"/approvals/{original['approval_id']}/approve")
    assert (both.status_code, set(both.json()["threads"])) == (409, {thread, copy})
    await ada.answer(original, approves())
    await ada.settled(thread)
    assert world.counted() == {"g": 1}, "the copy still waits"
    assert len(await ada.pending(copy)) == 1
    await ada.answer(its_copy, rejects("not here"))
    session = await ada.settled(copy)
    assert (session["status"], world.counted()) == ("partial", {"g": 1})
    keys = {key for key, _ in world.effects}
    assert len(keys) == 1


async def test_what_was_allowed_and_not_yet_done_is_asked_again_in_the_copy(
    reader: RunningReader, world: World
):
    world.held = asyncio.Event()
    thread = await asked(reader, gate())
    ada = reader.approver("ada")
    [approval] = await ada.pending(thread)
    answered = (await ada.answer(approval, approves())).json()
    await asyncio.wait_for(world.began.wait(), 60)
    working = await copied(reader, thread)
    run = answered["resume_run_id"]
    await reader.http.post(f"/threads/{thread}/runs/{run}/cancel", params={"wait": True})
    stopped = await copied(reader, thread)
    world.held.set()
    for copy in (working, stopped):
        [waits] = await ada.pending(copy)
        assert (waits["status"], waits["decided_by"]) == ("pending", None)
        await go_on(reader, copy)
        assert world.effects == [], "nobody allowed it in the copy"
        assert len(await ada.pending(copy)) == 1
    [again] = await ada.pending(stopped)
    await ada.answer(again, approves())
    await ada.settled(stopped)
    assert world.counted() == {"g": 1}
    await go_on(reader, thread)
    assert world.counted() == {"g": 2}, "it was approved in both threads, so it is done in both"
    assert len({key for key, _ in world.effects}) == 1, "and a ledger of effects can tell"


async def test_a_decision_under_way_does_not_travel(world: World):
    settings = settings_of(world.database_url, approval_grace=600)
    async with running_reader(settings, world.graphs()) as reader:
        thread = await asked(reader, gate())
        ada = reader.approver("ada")
        [approval] = await ada.pending(thread)
        await ada.answer(approval, approves())
        copy = await copied(reader, thread)
        assert [one["status"] for one in await ada.pending(copy)] == ["pending"]
        assert await ada.pending(thread) == []


async def test_a_finished_thread_is_copied_without_questions(reader: RunningReader, world: World):
    thread = await asked(reader, gate())
    await reader.approver("ada").see_through(thread)
    copy = await copied(reader, thread)
    assert await reader.approver("ada").pending(copy) == []
    await go_on(reader, copy)
    assert world.counted() == {"g": 1}
    state = (await reader.http.get(f"/threads/{copy}/state")).json()
    assert state["values"]["results"]["g"]["status"] == "done"


async def test_whoever_asked_cannot_approve_through_a_copy(reader: RunningReader, world: World):
    thread = await asked(reader, gate("guarded"), user="ada")
    run = (await reader.http.get(f"/threads/{thread}/runs")).json()[0]["run_id"]
    await reader.http.post(f"/threads/{thread}/runs/{run}/cancel", params={"wait": True})
    copy = await copied(reader, thread, user="ada")
    again = await copied(reader, copy, user="ada")
    await go_on(reader, again, user="ada")
    ada = reader.approver("ada")
    assert [one.status_code for one in await ada.look(again)] == [403]
    assert [one.status_code for one in await reader.approver("bob").look(again)] == [200]
    await ada.settled(again)
    assert world.counted() == {"g": 1}
