"""Many waiting deeds, two to eight people at each: one wins, the rest hear who, once it is done."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from graph.server.audit_entries import Chain
from tests.doubles.demo_processes import DemoProcesses, demo_processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
AT_ONCE = 16
"""Threads that are raced for at the same time; each brings two to eight requests."""


@pytest.fixture(scope="module")
def processes(postgres: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoProcesses]:
    folder = tmp_path_factory.mktemp("many_racers")
    with demo_processes(
        postgres.url("many_racers"), folder, "server", "worker", "other worker"
    ) as running:
        yield running


@pytest.fixture
async def http(processes: DemoProcesses) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=AT_ONCE * 8)
    async with httpx.AsyncClient(base_url=processes.url, timeout=60, limits=limits) as client:
        yield client


@dataclass
class Deed:
    """A thread whose only deed waits for a person."""

    http: httpx.AsyncClient
    number: int
    tag: str
    thread: str = ""
    approval: str = ""
    answers: dict[str, httpx.Response] = field(default_factory=dict[str, httpx.Response])

    @property
    def people(self) -> list[str]:
        return [f"person {one}" for one in range(2 + self.number % 7)]

    async def wait(self) -> None:
        self.thread = (await self.http.post("/threads", json={})).json()["thread_id"]
        run = {"assistant_id": "deed", "input": {"tag": self.tag}}
        await self.http.post(f"/threads/{self.thread}/runs/wait", json=run)
        waiting = await self.http.get("/approvals/pending", params={"thread_id": self.thread})
        self.approval = waiting.json()["approvals"][0]["approval_id"]

    async def race(self) -> None:
        said = await asyncio.gather(
            *(self._decide(place, one) for place, one in enumerate(self.people))
        )
        self.answers = dict(zip(self.people, said, strict=True))

    async def _decide(self, place: int, person: str) -> httpx.Response:
        """Everybody takes the next of the three doors, and every second person says no."""
        who = {"X-User": person}
        kind = ("approve", "reject")[place % 2]
        match (self.number + place) % 3:
            case 0:
                return await self.http.post(f"/approvals/{self.approval}/{kind}", headers=who)
            case 1:
                body = {"approval_id": self.approval, "decision": kind}
                place_ = f"/orchestration/{self.thread}/approve"
                return await self.http.post(place_, json=body, headers=who)
            case _:
                resume = {self.approval: {"decisions": [{"type": kind}]}}
                run = {"assistant_id": "deed", "command": {"resume": resume}}
                place_ = f"/threads/{self.thread}/runs"
                return await self.http.post(place_, json=run, headers=who)

    async def ended(self) -> None:
        run = (await self.http.get(f"/threads/{self.thread}/runs")).json()[0]["run_id"]
        await self.http.get(f"/threads/{self.thread}/runs/{run}/join")


@pytest.mark.parametrize("threads", [24, pytest.param(200, marks=pytest.mark.full)])
async def test_every_deed_has_one_winner_and_is_done_once(
    http: httpx.AsyncClient, processes: DemoProcesses, threads: int
):
    deeds = [Deed(http, number, f"deed {number} of {threads}") for number in range(threads)]
    some = asyncio.Semaphore(AT_ONCE)

    async def through(deed: Deed) -> None:
        async with some:
            await deed.wait()
            await deed.race()
            await deed.ended()

    await asyncio.gather(*(through(deed) for deed in deeds))
    done = processes.effects("deed ")
    for deed in deeds:
        winner, losers = _sorted_out(deed)
        kind = ("approve", "reject")[deed.people.index(winner) % 2]
        assert done.get(deed.tag, 0) == (kind == "approve"), deed
        assert {one.json()["decided_by"] for one in losers} == {winner}
        kept = (await http.get(f"/approvals/{deed.approval}")).json()
        assert (kept["decided_by"], kept["status"]) == (winner, _STATUS[kind])
        assert [one["kind"] for one in kept["history"]] == ["asked", _STATUS[kind]]
    chain = Chain().follow(_audit(processes.database_url))
    assert (chain.broken, chain.reason) == (None, "")
    assert chain.count >= 2 * threads


def _audit(database_url: str) -> list[dict[str, Any]]:
    with psycopg.connect(database_url, row_factory=dict_row) as database:
        every = "select n, entry::text as entry, previous, digest from ops.audit order by n"
        return database.execute(every).fetchall()


_STATUS = {"approve": "approved", "reject": "rejected"}


def _sorted_out(deed: Deed) -> tuple[str, list[httpx.Response]]:
    codes = sorted(one.status_code for one in deed.answers.values())
    assert codes == [200] + [409] * (len(deed.people) - 1), deed
    [winner] = [name for name, one in deed.answers.items() if one.status_code == 200]
    return winner, [one for one in deed.answers.values() if one.status_code == 409]


async def test_a_question_back_is_told_from_an_approval(http: httpx.AsyncClient):
    thread = (await http.post("/threads", json={})).json()["thread_id"]
    run = {"assistant_id": "clarifying", "input": {"question": "the harbour"}}
    await http.post(f"/threads/{thread}/runs/wait", json=run)
    status = (await http.get(f"/orchestration/{thread}/status")).json()
    assert status["status"] == "needs_clarification"
    assert "2. south" in status["answer"]
    [approval] = status["approvals"]
    assert (approval["policy"]["separate_approver"], approval["approvers"]) == (False, [])
    place = f"/approvals/{approval['approval_id']}/respond"
    told = (await http.post(place, json={"message": "2"})).json()
    await http.get(f"/threads/{thread}/runs/{told['resume_run_id']}/join")
    values = (await http.get(f"/threads/{thread}/state")).json()["values"]
    assert (values["said"], values["status"]) == ("2", "completed")
