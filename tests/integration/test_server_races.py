"""Two people answer at once: one wins, the other is told who did, and the effect happens once."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.doubles.demo_processes import DemoProcesses

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]


@pytest.fixture
async def http(processes: DemoProcesses) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=processes.url, timeout=60) as client:
        yield client


async def waiting_thread(http: httpx.AsyncClient, request: str) -> tuple[str, list[str]]:
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    run = {"assistant_id": "dag", "input": {"request": request}}
    await http.post(f"/threads/{thread}/runs/wait", json=run)
    pending = (await http.get("/approvals/pending", params={"thread_id": thread})).json()
    return thread, [one["approval_id"] for one in pending["approvals"]]


@pytest.mark.parametrize("threads", [5, pytest.param(20, marks=pytest.mark.full)])
async def test_of_two_approvers_one_wins(
    http: httpx.AsyncClient, processes: DemoProcesses, threads: int
):
    async def race(number: int) -> list[httpx.Response]:
        thread, (first, second) = await waiting_thread(http, f"race {number} of {threads}")
        resume = {
            "assistant_id": "dag",
            "command": {"resume": {first: {"decisions": [{"type": "reject"}]}}},
        }
        answers = await asyncio.gather(
            http.post(f"/approvals/{first}/approve", headers={"X-User": "ada"}),
            http.post(f"/threads/{thread}/runs", json=resume, headers={"X-User": "bob"}),
        )
        await http.post(f"/approvals/{second}/approve", headers={"X-User": "eve"})
        run = (await http.get(f"/threads/{thread}/runs")).json()[0]["run_id"]
        values = (await http.get(f"/threads/{thread}/runs/{run}/join")).json()
        assert values["final"] == "g,g2"
        return list(answers)

    for number, answers in enumerate(await asyncio.gather(*(race(one) for one in range(threads)))):
        assert sorted(one.status_code for one in answers) == [200, 409]
        lost = next(one.json() for one in answers if one.status_code == 409)
        assert lost["decided_by"] in ("ada", "bob")
        assert set(processes.effects(f"race {number} of {threads}:").values()) == {1}


async def test_eight_racers_over_the_same_resume(http: httpx.AsyncClient, processes: DemoProcesses):
    thread, ids = await waiting_thread(http, "eight")
    resume = {"assistant_id": "dag", "command": {"resume": dict.fromkeys(ids, "yes")}}
    answers = await asyncio.gather(
        *(http.post(f"/threads/{thread}/runs/wait", json=resume) for _ in range(8))
    )
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7
    assert set(processes.effects("eight:").values()) == {1}


async def test_the_inbox(http: httpx.AsyncClient):
    thread, (first, second) = await waiting_thread(http, "inbox")
    one = (await http.get(f"/approvals/{first}")).json()
    assert (one["thread_id"], one["status"], one["request"]["step"]) == (thread, "pending", "g")
    changed = await http.post(f"/approvals/{first}/approve", json={"digest": "of something else"})
    assert changed.status_code == 409
    rejected = await http.post(f"/approvals/{first}/reject", json={"message": "not now"})
    assert rejected.json()["status"] == "rejected"
    again = await http.post(f"/approvals/{first}/approve")
    assert again.status_code == 409
    assert "local operator" in again.json()["message"]
    modified = await http.post(f"/approvals/{second}/modify", json={"args": {"x": 1}})
    assert modified.json()["status"] == "edited"
    history = (await http.get("/approvals/history", params={"thread_id": thread})).json()[
        "approvals"
    ]
    assert {row["approval_id"]: row["status"] for row in history} == {
        first: "rejected",
        second: "edited",
    }
    assert (await http.get("/approvals/no-such")).status_code == 404


async def test_a_cancelled_thread_withdraws_its_approvals(http: httpx.AsyncClient):
    thread, (first, _) = await waiting_thread(http, "withdrawn")
    run = (await http.get(f"/threads/{thread}/runs")).json()[0]["run_id"]
    cancelled = await http.post(f"/threads/{thread}/runs/{run}/cancel", params={"wait": True})
    assert cancelled.status_code == 200
    assert (await http.get(f"/approvals/{first}")).json()["status"] == "cancelled"
    assert (await http.post(f"/approvals/{first}/approve")).status_code == 409
    again = {"assistant_id": "dag", "input": None}
    await http.post(f"/threads/{thread}/runs/wait", json=again)
    assert (await http.get(f"/approvals/{first}")).json()["status"] == "pending"


async def test_a_new_question_leaves_old_approvals_behind(http: httpx.AsyncClient):
    thread, (first, _) = await waiting_thread(http, "old")
    run = {"assistant_id": "dag", "input": {"request": "new"}}
    await http.post(f"/threads/{thread}/runs/wait", json=run)
    assert (await http.get(f"/approvals/{first}")).json()["status"] == "cancelled"
    pending = (await http.get("/approvals/pending", params={"thread_id": thread})).json()[
        "approvals"
    ]
    assert len(pending) == 2


async def test_a_session(http: httpx.AsyncClient):
    thread, (first, second) = await waiting_thread(http, "session")
    status = (await http.get(f"/orchestration/{thread}/status")).json()
    assert (status["status"], len(status["approvals"])) == ("awaiting_approval", 2)
    unclear = await http.post(f"/orchestration/{thread}/approve")
    assert (unclear.status_code, unclear.json()["pending"]) == (422, [first, second])
    decided = await http.post(f"/orchestration/{thread}/approve", json={"approval_id": first})
    await http.get(f"/threads/{thread}/runs/{decided.json()['resume_run_id']}/join")
    stopped = await http.delete(f"/orchestration/{thread}")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "cancelled")
    assert (await http.get(f"/orchestration/{thread}/status")).json()["status"] == "cancelled"
    assert (await http.get(f"/approvals/{second}")).json()["status"] == "cancelled"


async def test_an_answer_that_cannot_be_used_does_not_use_up_the_approval(http: httpx.AsyncClient):
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    runs = f"/threads/{thread}/runs/wait"
    await http.post(runs, json={"assistant_id": "asking", "input": {"said": None}})
    pending = (await http.get("/approvals/pending", params={"thread_id": thread})).json()[
        "approvals"
    ]
    asked = pending[0]["approval_id"]
    assert (pending[0]["step_id"], pending[0]["agent_id"], pending[0]["digest"]) == (
        "s1",
        "mail",
        "d1",
    )

    async def answered(answer: object) -> httpx.Response:
        return await http.post(runs, json={"assistant_id": "asking", "command": {"resume": answer}})

    for nonsense in ("perhaps", {"decisions": []}, {"decisions": [{"type": "edit"}]}, {asked: 7}):
        refused = await answered(nonsense)
        assert refused.status_code == 422, refused.text
    assert (await http.get(f"/approvals/{asked}")).json()["status"] == "pending"
    failed = await answered({"decisions": [{"type": "reject", "message": "explode"}]})
    assert failed.json()["__error__"]["message"] == "the answer could not be used"
    # LangGraph keeps the answer that the node failed on, so another one would be shown and not used.
    assert (await http.get(f"/approvals/{asked}")).json()["status"] == "rejected"
    assert (await answered({"decisions": [{"type": "approve"}]})).status_code == 409
