"""Who may answer when: those whom it is for, the next ones in time, and deputies."""

from datetime import timedelta

import httpx
import pytest

from graph.testing.controlled_clock import ControlledClock
from graph.testing.running_reader import RunningReader
from graph.testing.scripted_approver import approves
from tests.doubles.approval_world import GRAPH, World
from tests.integration.approvals.conftest import asked, gate, kinds, results

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


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
