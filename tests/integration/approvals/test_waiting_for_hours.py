"""What waits outlives restarts, swaps of knowledge, and workers that stop."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from graph.testing.controlled_clock import ControlledClock
from graph.testing.running_reader import RunningReader, running_reader, running_worker
from graph.testing.scripted_approver import approves
from tests.doubles.approval_world import World, settings_of
from tests.doubles.scripted_agents import step
from tests.integration.approvals.conftest import asked, gate, results

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


async def test_hours_later_after_a_restart_and_a_swap_the_pinned_or_the_live_knowledge_counts(
    world: World, clock: ControlledClock
):
    world.publish("handbook", "The limit is 50.")
    settings = settings_of(world.database_url)
    async with running_reader(settings, world.graphs(), now=clock) as reader:
        steps = (step("k", agent="handbook"), gate("g", "k", agent="pay"))
        pinned, fresh = await asked(reader, *steps), await asked(reader, *steps)
    world.publish("handbook", "The limit is 20.")
    clock.go_on(hours=30)
    async with running_reader(settings, world.graphs(), now=clock) as reader:
        ada = reader.approver("ada")
        [one] = await ada.pending(pinned)
        assert (one["knowledge"]["cited"], one["knowledge"]["changed"]) == (1, 1)
        assert one["knowledge"]["chunks"][0]["state"] == "changed"
        assert one["knowledge"]["choices"] == ["as_pinned", "refresh"]
        await ada.see_through(pinned)
        assert (await results(reader, pinned))["k"]["text"] == "The limit is 50."
        ada.rule = lambda _: approves(knowledge="refresh")
        await ada.look(fresh)
        await ada.settled(fresh)
        [again] = await ada.pending(fresh)
        assert again["request"]["evidence"][0]["quote"] == "The limit is 20."
        assert (again["knowledge"]["changed"], again["digest"] != one["digest"]) == (0, True)
        assert world.counted() == {"g": 1}, "what a person has not seen is not done"
        await ada.see_through(fresh)
        found = await results(reader, fresh)
    assert (found["k"]["text"], found["k"]["passages"][0]["generation"]) == ("The limit is 20.", 2)
    assert "refreshed" not in found["g"]["data"]
    assert world.counted() == {"g": 2}


async def test_a_paused_thread_keeps_its_generation_from_retention(
    reader: RunningReader, world: World, clock: ControlledClock
):
    world.publish("handbook", "Words.")
    thread = await asked(reader, step("k", agent="handbook"), gate("g", "k"))
    with psycopg.connect(world.database_url, autocommit=True) as ledger:
        pins = "select holder, ends_at from kb.generation_pins"
        [(holder, ends)] = ledger.execute(pins).fetchall()
        assert (holder, ends) == (f"thread:{thread}", clock() + timedelta(hours=26))
        await reader.approver("ada").see_through(thread)
        await reader.tend()
        assert ledger.execute(pins).fetchall() == [(holder, clock() + timedelta(days=1))]


async def test_a_worker_that_stops_loses_no_answer(world: World):
    settings = settings_of(world.database_url)
    async with running_reader(settings, world.graphs(), with_worker=False) as reader:
        async with running_worker(settings, world.graphs()):
            threads = [await asked(reader, gate("g")) for _ in range(3)]
        for thread in threads:
            assert [one.status_code for one in await reader.approver("ada").look(thread)] == [200]
        async with running_worker(settings, world.graphs()):
            await asyncio.gather(*(reader.approver("ada").settled(one) for one in threads))
        assert world.counted() == {"g": 3}
