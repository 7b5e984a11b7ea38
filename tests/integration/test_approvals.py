"""Approvals on the real server, worker and scheduler, with a clock that tests control."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest

from graph.testing.controlled_clock import BEGINNING, ControlledClock
from graph.testing.racing import race
from graph.testing.running_reader import RunningReader, running_reader, running_worker
from graph.testing.scripted_approver import approves, edits, rejects, responds
from tests.doubles.approval_world import GRAPH, World, settings_of
from tests.doubles.scripted_agents import plan_of, step

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
HOUR = 3600
POLICIES = (
    '{"ops": {"timeout": 7200, "warn_before": 1800, "on_timeout": "escalate", "escalate_to": ["boss", "owner"]},'
    ' "guarded": {"approvers": ["ada"], "separate_approver": true},'
    ' "narrow": {"timeout": 60, "approvers": ["ada"], "on_timeout": "escalate", "escalate_to": ["boss"]},'
    ' "forever": {"timeout": 0}}'
)


@pytest.fixture
def world(database_url: str) -> World:
    return World(database_url)


@pytest.fixture
def clock() -> ControlledClock:
    return ControlledClock()


@pytest.fixture
async def reader(world: World, clock: ControlledClock) -> AsyncIterator[RunningReader]:
    settings = settings_of(world.database_url, approval_policies=POLICIES)
    async with running_reader(settings, world.graphs(), now=clock) as running:
        yield running


def gate(step_id: str, *after: str, agent: str = "ops", **more: Any) -> Any:
    return step(step_id, *after, agent=agent, requires_approval=True, **more)


async def asked(reader: RunningReader, *steps: Any, user: str = "asker") -> str:
    return await reader.ask({"question": "q?", "own_plan": plan_of(*steps)}, graph=GRAPH, user=user)


async def results(reader: RunningReader, thread: str) -> dict[str, Any]:
    state = (await reader.http.get(f"/threads/{thread}/state")).json()
    return state["values"]["results"]


async def kinds(reader: RunningReader, approval_id: str) -> list[str]:
    body = (await reader.http.get(f"/approvals/{approval_id}")).json()
    return [one["kind"] for one in body["history"]]


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


async def test_time_warns_then_escalates_then_rejects(
    reader: RunningReader, world: World, clock: ControlledClock
):
    thread = await asked(reader, gate("g"), gate("patient", agent="forever"))
    by_step = {one["step_id"]: one for one in await reader.approver("ada").pending(thread)}
    one = by_step["g"]["approval_id"]
    assert by_step["patient"]["deadline"] is None
    clock.go_on(minutes=80)
    assert (await reader.tend()).warned == 0
    clock.go_on(minutes=15)
    assert [(await reader.tend()).warned for _ in range(2)] == [1, 0]
    clock.go_on(minutes=30)
    assert (await reader.tend()).escalated == 1
    assert (await reader.tend()).escalated == 0
    clock.go_on(hours=3)
    assert (await reader.tend()).escalated == 1
    clock.go_on(hours=3)
    assert (await reader.tend()).rejected == 1
    assert await kinds(reader, one) == ["asked", "warned", "escalated", "escalated", "rejected"]
    body = (await reader.http.get(f"/approvals/{one}")).json()
    assert (body["decided_by"], body["level"]) == ("approval policy", 2)
    late = await reader.approver("ada").answer(by_step["g"], approves())
    assert (late.status_code, late.json()["decided_by"]) == (409, "approval policy")
    await reader.approver("ada").see_through(thread)
    found = await results(reader, thread)
    assert found["g"]["error"] == "nobody answered in time"
    assert world.counted() == {"patient": 1}


async def test_only_those_whom_it_is_for_may_answer_by_whichever_way(reader: RunningReader):
    thread = await asked(reader, gate("g", agent="guarded"), user="carl")
    [waiting] = await reader.approver("ada").pending(thread)
    stranger = await reader.approver("eve").answer(waiting, approves())
    assert (stranger.status_code, stranger.json()["approvers"]) == (403, ["ada"])
    policy = await reader.approver("approval policy").answer(waiting, approves())
    assert policy.status_code == 403
    inbox = {"assistant_id": GRAPH, "command": {"resume": {"decisions": [{"type": "approve"}]}}}
    around = await reader.http.post(
        f"/threads/{thread}/runs", json=inbox, headers={"X-User": "eve"}
    )
    assert around.status_code == 403
    assert (await reader.approver("ada").answer(waiting, approves())).status_code == 200


async def test_the_next_person_may_answer_once_it_was_escalated_to_them(
    reader: RunningReader, clock: ControlledClock
):
    thread = await asked(reader, gate("g", agent="narrow"))
    boss = reader.approver("boss")
    assert [one.status_code for one in await boss.look(thread)] == [403]
    clock.go_on(minutes=2)
    assert (await reader.tend()).escalated == 1
    assert [one.status_code for one in await boss.look(thread)] == [200]


async def test_whoever_asked_may_not_approve_nor_send_a_deputy(reader: RunningReader):
    thread = await asked(reader, gate("g", agent="guarded"), user="ada")
    [waiting] = await reader.approver("ada").pending(thread)
    assert (await reader.approver("ada").answer(waiting, approves())).status_code == 403
    await deputy(reader, "ada", "dora", hours=1)
    assert (await reader.approver("dora").answer(waiting, approves())).status_code == 403


async def deputy(reader: RunningReader, person: str, name: str, *, hours: float) -> httpx.Response:
    until = (reader.app.state.parts.desk.now() + timedelta(hours=hours)).isoformat()
    said = {"deputy": name, "until": until, "reason": "holidays"}
    return await reader.http.post("/delegations", json=said, headers={"X-User": person})


async def test_a_deputy_answers_within_the_time(reader: RunningReader, clock: ControlledClock):
    first = await asked(reader, gate("g", agent="guarded"))
    second = await asked(reader, gate("g", agent="guarded"))
    third = await asked(reader, gate("g", agent="guarded"))
    made = await deputy(reader, "ada", "dora", hours=2)
    assert made.status_code == 201
    assert (await deputy(reader, "ada", "ada", hours=2)).status_code == 422
    assert (await deputy(reader, "ada", "dora", hours=-1)).status_code == 422
    dora = reader.approver("dora")
    [answered] = await dora.look(first)
    assert answered.json()["on_behalf_of"] == "ada"
    clock.go_on(hours=3)
    assert [one.status_code for one in await dora.look(second)] == [403]
    again = (await deputy(reader, "ada", "dora", hours=2)).json()
    place = f"/delegations/{again['delegation_id']}"
    assert (await reader.http.delete(place, headers={"X-User": "dora"})).status_code == 404
    assert (await reader.http.delete(place, headers={"X-User": "ada"})).status_code == 200
    assert [one.status_code for one in await dora.look(third)] == [403]
    listed = (await reader.http.get("/delegations")).json()["delegations"]
    assert [one["in_force"] for one in listed] == [False, False]


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
