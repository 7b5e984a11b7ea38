"""Time is up at the moment that was said, whether or not a worker has looked at the clock; one path for every door."""

from functools import partial
from typing import Any

import httpx
import psycopg
import pytest

from graph.testing.controlled_clock import ControlledClock
from graph.testing.racing import race
from graph.testing.running_reader import RunningReader
from graph.testing.scripted_approver import approves
from tests.doubles.approval_world import GRAPH, World
from tests.doubles.scripted_agents import plan_of, step

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
POLICIES = (
    '{"strict": {"timeout": 600},'
    ' "narrow": {"timeout": 600, "approvers": ["ada"], "on_timeout": "escalate", "escalate_to": ["boss"]}}'
)


@pytest.fixture
def policies() -> str:
    return POLICIES


async def waiting(
    reader: RunningReader, agent: str, *before: Any, needs: tuple[str, ...] = ()
) -> tuple[str, dict[str, Any]]:
    gate = step("g", *needs, agent=agent, requires_approval=True)
    given = {"question": "q?", "own_plan": plan_of(*before, gate)}
    thread = await reader.ask(given, graph=GRAPH)
    [approval] = await reader.approver("ada").pending(thread)
    return thread, approval


async def by_each_door(
    reader: RunningReader, thread: str, approval: dict[str, Any], who: str = "ada"
) -> list[httpx.Response]:
    """The same yes through the inbox, the session and the thread."""
    headers = {"X-User": who}
    named = approval["approval_id"]
    run = {
        "assistant_id": GRAPH,
        "command": {"resume": {named: {"decisions": [{"type": "approve"}]}}},
    }
    return [
        await reader.http.post(f"/approvals/{named}/approve", headers=headers),
        await reader.http.post(f"/orchestration/{thread}/approve", headers=headers, json={"approval_id": named}),
        await reader.http.post(f"/threads/{thread}/runs", headers=headers, json=run),
    ]  # fmt: skip


async def test_a_late_answer_is_refused_and_the_policy_decides_at_once(
    reader: RunningReader, world: World, clock: ControlledClock
):
    thread, approval = await waiting(reader, "strict")
    clock.go_on(seconds=600)
    answers = await by_each_door(reader, thread, approval)
    assert [one.status_code for one in answers] == [409, 409, 409]
    for one in answers:
        said = one.json()
        assert (said["decided_by"], said["status"]) == ("approval policy", "rejected")
        assert said["timed_out"] is True
    assert "time was up at" in answers[0].json()["message"]
    await reader.approver("ada").settled(thread)
    state = (await reader.http.get(f"/threads/{thread}/state")).json()["values"]
    assert state["results"]["g"]["error"] == "nobody answered in time"
    assert (await reader.tend()).rejected == 0, "it was decided already"
    history = (await reader.http.get(f"/approvals/{approval['approval_id']}")).json()["history"]
    assert [(one["kind"], one["actor"]) for one in history][1:] == [("rejected", "approval policy")]
    assert world.effects == []


async def test_a_second_before_the_deadline_counts(
    reader: RunningReader, world: World, clock: ControlledClock
):
    thread, approval = await waiting(reader, "strict")
    clock.go_on(seconds=599)
    codes = [one.status_code for one in await by_each_door(reader, thread, approval)]
    assert codes == [200, 409, 409]
    await reader.approver("ada").settled(thread)
    assert world.counted() == {"g": 1}


async def test_what_is_overdue_goes_to_the_next_person_whoever_looks_first(
    reader: RunningReader, world: World, clock: ControlledClock
):
    thread, approval = await waiting(reader, "narrow")
    boss = reader.approver("boss")
    assert [one.status_code for one in await boss.look(thread)] == [403]
    clock.go_on(seconds=601)
    answered = await boss.answer(approval, approves())
    assert (answered.status_code, answered.json()["decided_by"]) == (200, "boss")
    history = (await reader.http.get(f"/approvals/{approval['approval_id']}")).json()["history"]
    assert [one["kind"] for one in history] == ["asked", "escalated", "approved"]
    await boss.settled(thread)
    assert world.counted() == {"g": 1}


async def test_late_people_and_the_clock_race_and_the_policy_decides_once(
    reader: RunningReader, world: World, clock: ControlledClock
):
    for number in range(6):
        thread, approval = await waiting(reader, "strict")
        clock.go_on(seconds=700)
        people = [reader.approver(f"person {n}") for n in range(number + 1)]
        late = [partial(one.answer, approval, approves()) for one in people]
        answers = await race([*late, reader.tend])
        assert not [one for one in answers if isinstance(one, Exception)]
        codes = {one.status_code for one in answers if isinstance(one, httpx.Response)}
        assert codes == {409}
        await people[0].settled(thread)
        history = (await reader.http.get(f"/approvals/{approval['approval_id']}")).json()["history"]
        mine = [one["kind"] for one in history if one["thread_id"] == thread]
        assert mine.count("rejected") == 1
    assert world.effects == []


async def test_an_answer_to_what_newer_code_asked_is_no_late_answer(
    reader: RunningReader, world: World, clock: ControlledClock
):
    thread, approval = await waiting(reader, "strict")
    with psycopg.connect(world.database_url) as database:
        database.execute(
            "update ops.approvals set request = jsonb_set(request, '{approval_version}', '99')"
            " where thread_id = %s", (thread,),
        )  # fmt: skip
    clock.go_on(seconds=700)
    answers = await by_each_door(reader, thread, approval)
    assert {one.status_code for one in answers} == {409}
    assert "update this server" in answers[0].json()["hint"]
    assert len(await reader.approver("ada").pending(thread)) == 1


async def test_the_session_route_binds_and_refreshes_as_the_inbox_does(
    reader: RunningReader, world: World
):
    world.publish("handbook", "The limit is 50.")
    read = step("k", agent="handbook")
    thread, approval = await waiting(reader, "pay", read, needs=("k",))
    world.publish("handbook", "The limit is 20.")
    place = f"/orchestration/{thread}/approve"
    other = await reader.http.post(place, json={"digest": "of something else"})
    assert (other.status_code, "not what you were shown" in other.json()["message"]) == (409, True)
    nonsense = await reader.http.post(place, json={"knowledge": "newest"})
    assert nonsense.status_code == 422
    said = {"digest": approval["digest"], "knowledge": "refresh"}
    assert (await reader.http.post(place, json=said)).status_code == 200
    await reader.approver("ada").settled(thread)
    [again] = await reader.approver("ada").pending(thread)
    assert again["request"]["evidence"][0]["quote"] == "The limit is 20."
    stale = await reader.http.post(place, json={"digest": approval["digest"]})
    assert stale.status_code == 409, "the first question's digest does not answer the second"
    assert world.counted() == {}
    assert (await reader.http.post(place, json={"digest": again["digest"]})).status_code == 200
    await reader.approver("ada").settled(thread)
    assert world.counted() == {"g": 1}
