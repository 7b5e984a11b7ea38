"""What a person is shown, and what each answer does: once, and back again while nothing was done."""

import asyncio
from datetime import timedelta

import httpx
import psycopg
import pytest

from graph.testing.controlled_clock import BEGINNING
from graph.testing.racing import race
from graph.testing.running_reader import RunningReader, running_reader
from graph.testing.scripted_approver import approves, edits, rejects, responds
from tests.doubles.approval_world import GRAPH, World, settings_of
from tests.doubles.scripted_agents import step
from tests.integration.approvals.conftest import asked, gate, kinds, results

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


async def test_it_shows_what_is_needed_and_each_answer_has_its_effect(
    reader: RunningReader, world: World
):
    world.publish("handbook", "Refunds up to 50 are allowed.")
    steps = [step("k", agent="handbook")]
    steps += [gate(name, "k", script={"amount": 5}) for name in ("a", "b", "c", "d")]
    thread = await asked(reader, *steps)
    ada = reader.approver("ada")
    waiting = {one["step_id"]: one for one in await ada.pending(thread)}
    assert set(waiting) == {"a", "b", "c", "d"}
    of_session = (await reader.http.get(f"/approvals/{thread}")).json()
    assert [one["step_id"] for one in of_session["approvals"]] == ["a", "b", "c", "d"]
    shown = waiting["a"]["request"]
    assert shown["action_requests"][0]["args"] == {"question": "do a", "parameters": {"amount": 5}}
    assert shown["evidence"][0]["quote"] == "Refunds up to 50 are allowed."
    for name in ("what", "why", "impact", "risk", "recommendation", "next", "digest"):
        assert shown[name]
    assert waiting["a"]["knowledge"]["changed"] == 0
    assert waiting["a"]["requested_by"] == "asker"
    assert waiting["a"]["deadline"].startswith((BEGINNING + timedelta(hours=2)).isoformat()[:19])
    wrong = await ada.answer(waiting["b"], edits(parameters={"amount": 1000}))
    assert (wrong.status_code, "amount" in wrong.json()["message"]) == (422, True)
    edited = await ada.answer(waiting["b"], edits(parameters={"amount": 7}))
    assert edited.json()["digest"] not in ("", waiting["b"]["digest"])
    for name, reply in {
        "a": approves(),
        "c": rejects("not now"),
        "d": responds("did it myself"),
    }.items():
        assert (await ada.answer(waiting[name], reply)).status_code == 200
    await ada.settled(thread)
    found = await results(reader, thread)
    assert {name: one["status"] for name, one in found.items()} == {
        "k": "done", "a": "done", "b": "done", "c": "rejected", "d": "done",
    }  # fmt: skip
    assert {key.rsplit("/", 1)[1]: used for key, used in world.effects} == {
        "a": {"amount": 5}, "b": {"amount": 7},
    }  # fmt: skip
    record = found["b"]["data"]["approval"]
    assert (record["decided_by"], record["digest"]) == ("ada", edited.json()["digest"])
    assert found["d"]["text"] == "did it myself"
    assert await kinds(reader, waiting["b"]["approval_id"]) == ["asked", "edited"]


async def test_one_after_the_other(reader: RunningReader, world: World):
    thread = await asked(reader, gate("first"), gate("second", "first"), step("end", "second"))
    session = await reader.approver("ada").see_through(thread)
    assert (session["status"], world.counted()) == (
        "completed",
        {"first": 1, "second": 1, "end": 1},
    )


async def test_of_many_racers_one_wins_on_every_thread(reader: RunningReader, world: World):
    async def one_thread(racers: int) -> list[httpx.Response | Exception]:
        thread = await asked(reader, gate("g"))
        [waiting] = await reader.approver("ada").pending(thread)
        people = [reader.approver(f"person {n}") for n in range(racers)]
        replies = [approves(), rejects("no")] * racers
        return await race(
            [lambda p=p, r=r: p.answer(waiting, r) for p, r in zip(people, replies, strict=False)]
        )

    for number in range(2, 9):
        answers = [one for one in await one_thread(number) if isinstance(one, httpx.Response)]
        assert sorted(one.status_code for one in answers) == [200] + [409] * (number - 1)
        winner = next(one.json()["decided_by"] for one in answers if one.status_code == 200)
        for lost in (one.json() for one in answers if one.status_code == 409):
            assert lost["decided_by"] == winner
            assert lost["decided_at"]
    assert max(world.counted().values(), default=0) <= 7


async def test_a_decision_is_revoked_while_nothing_was_done_with_it(world: World):
    settings = settings_of(world.database_url, approval_grace=600)
    async with running_reader(settings, world.graphs()) as reader:
        thread = await asked(reader, gate("g"))
        [waiting] = await reader.approver("ada").pending(thread)
        place = f"/approvals/{waiting['approval_id']}"
        nothing = await reader.http.post(f"{place}/revoke", headers={"X-User": "ada"})
        assert nothing.status_code == 409
        await reader.approver("ada").answer(waiting, approves())
        other = await reader.http.post(f"{place}/revoke", headers={"X-User": "bob"})
        assert (other.status_code, other.json()["decided_by"]) == (403, "ada")
        back = await reader.http.post(f"{place}/revoke", headers={"X-User": "ada"})
        assert (back.status_code, back.json()["status"]) == (200, "pending")
        assert await kinds(reader, waiting["approval_id"]) == ["asked", "approved", "revoked"]
    async with running_reader(settings_of(world.database_url), world.graphs()) as reader:
        bob = reader.approver("bob", lambda _: rejects("better not"))
        await bob.see_through(thread)
        used = await reader.http.post(f"{place}/revoke", headers={"X-User": "bob"})
        assert (used.status_code, "carried out" in used.json()["message"]) == (409, True)
    assert world.effects == []


async def test_a_decision_that_is_taken_back_as_a_worker_begins_is_either_done_or_revoked(
    reader: RunningReader, world: World
):
    revoked, done = 0, 0
    for number in range(12):
        thread = await asked(reader, gate("g"))
        ada = reader.approver("ada")
        [waiting] = await ada.pending(thread)
        before = len(world.effects)
        await ada.answer(waiting, approves())
        for _ in range(number):
            await asyncio.sleep(0)
        place = f"/approvals/{waiting['approval_id']}/revoke"
        back = await reader.http.post(place, headers={"X-User": "ada"})
        await ada.settled(thread)
        assert back.status_code in (200, 409), back.text
        effects = len(world.effects) - before
        assert effects == (0 if back.status_code == 200 else 1)
        revoked, done = revoked + (effects == 0), done + effects
        if back.status_code == 200:
            assert [one["status"] for one in await ada.pending(thread)] == ["pending"]
    assert revoked + done == 12


async def test_an_answer_without_an_id_counts_where_it_is_clear(
    reader: RunningReader, world: World
):
    thread = await asked(reader, gate("a"), gate("b"))
    resume = {"assistant_id": GRAPH, "command": {"resume": [{"type": "accept", "args": None}]}}
    unclear = await reader.http.post(f"/threads/{thread}/runs/wait", json=resume)
    assert unclear.status_code == 422
    assert {one["step_id"] for one in unclear.json()["waiting"]} == {"a", "b"}
    await reader.http.post(f"/approvals/{unclear.json()['pending'][0]}/reject")
    await reader.approver("ada").settled(thread)
    clear = await reader.http.post(f"/threads/{thread}/runs/wait", json=resume)
    assert clear.status_code == 200
    assert sum(world.counted().values()) == 1


async def test_what_older_code_asked_is_answered_and_what_newer_code_asked_is_refused(
    reader: RunningReader, world: World
):
    old, new = await asked(reader, gate("g")), await asked(reader, gate("g"))
    with psycopg.connect(world.database_url) as database:
        database.execute(
            "update ops.approvals set request = request - 'approval_version' where thread_id = %s",
            (old,),
        )
        database.execute(
            "update ops.approvals set request = jsonb_set(request, '{approval_version}', '99')"
            " where thread_id = %s", (new,),
        )  # fmt: skip
    ada = reader.approver("ada")
    [answered] = await ada.look(old)
    await ada.settled(old)
    [refused] = await ada.look(new)
    assert (answered.status_code, refused.status_code) == (200, 409)
    assert "update this server" in refused.json()["hint"]
    assert world.counted() == {"g": 1}
    assert len(await ada.pending(new)) == 1
