"""Runs by the clock, what is told when they end, and threads that are forgotten: on a clock of the test's own."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from langgraph_sdk.client import LangGraphClient
from pydantic import SecretStr

from graph.server.cron_runs import KEY_IS_GONE, WAITS, CronRuns
from graph.settings import ReaderSettings
from graph.testing.running_reader import RunningReader, running_reader
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.hook_receiver import hook_receiver
from tests.doubles.two_tenants import make_key, tenant

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
HELLO = {"messages": [{"role": "user", "content": "hi"}]}
MONDAY = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)


@dataclass
class TestClock:
    __test__ = False
    at: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.at


def settings_on(database_url: str, **more: Any) -> ReaderSettings:
    return ReaderSettings(
        database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1", **more
    )


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def reader(database_url: str, clock: TestClock) -> AsyncIterator[RunningReader]:
    settings = settings_on(database_url, notify_private_addresses=True)
    async with running_reader(settings, GRAPHS, now=clock) as running:
        yield running


@pytest.fixture
def client(reader: RunningReader) -> LangGraphClient:
    return LangGraphClient(reader.http)


async def chores(reader: RunningReader, name: str, at_one_time: int = 1) -> int:
    assert reader.worker is not None
    done = await asyncio.gather(*(reader.worker.people.chores[name]() for _ in range(at_one_time)))
    return sum(int(str(one)) for one in done)


async def ended(reader: RunningReader, run_id: str, thread_id: str) -> Any:
    return (await reader.http.get(f"/threads/{thread_id}/runs/{run_id}/join")).json()


async def runs_of(client: LangGraphClient, thread: str) -> list[Any]:
    return list(await client.runs.list(thread))


async def test_a_cron_starts_one_run_however_many_look(
    reader: RunningReader, client: LangGraphClient, clock: TestClock
):
    thread = (await client.threads.create())["thread_id"]
    made: Any = await client.crons.create_for_thread(
        thread, "chat", schedule="30 10 * * 1", timezone="Europe/Stockholm", input=HELLO, metadata={"m": 1}
    )  # fmt: skip
    assert made["next_run_date"] == "2031-03-03T09:30:00+00:00"
    assert await chores(reader, "start_crons", 4) == 0
    clock.at += timedelta(hours=2)
    assert await chores(reader, "start_crons", 4) == 1
    [run] = await runs_of(client, thread)
    assert run["metadata"]["cron_id"] == made["cron_id"]
    assert run["metadata"]["m"] == 1
    assert run["metadata"]["trace_id"]
    values = await ended(reader, run["run_id"], thread)
    assert values["messages"][-1]["content"] == "you said hi as words"
    [now] = await client.crons.search(thread_id=thread)
    assert now["next_run_date"] == "2031-03-10T09:30:00+00:00"
    # Three weeks in which nobody looked are one run, not three.
    clock.at += timedelta(weeks=3)
    assert await chores(reader, "start_crons", 4) == 1
    assert len(await runs_of(client, thread)) == 2


async def test_a_run_without_a_thread_is_forgotten_when_it_was_read(
    reader: RunningReader, client: LangGraphClient, clock: TestClock
):
    made: Any = await client.crons.create("chat", schedule="* * * * *", input=HELLO)
    clock.at += timedelta(minutes=1)
    await chores(reader, "start_crons")
    [thread] = await client.threads.search(metadata={"stateless": True})
    [run] = await runs_of(client, thread["thread_id"])
    await ended(reader, run["run_id"], thread["thread_id"])
    await client.crons.update(made["cron_id"], on_run_completed="keep")
    clock.at += timedelta(minutes=1)
    assert await chores(reader, "start_crons") == 1
    for one in await client.threads.search(metadata={"stateless": True}):
        for run in await runs_of(client, one["thread_id"]):
            await ended(reader, run["run_id"], one["thread_id"])
    assert await client.threads.count(metadata={"stateless": True}) == 2
    clock.at = max(clock.at, datetime.now(UTC)) + timedelta(hours=1)
    assert await chores(reader, "forget_threads") == 1
    with pytest.raises(httpx.HTTPStatusError):
        await client.threads.get(thread["thread_id"])
    assert await client.threads.count(metadata={"stateless": True}) == 1


async def test_crons_are_found_changed_and_ended(
    reader: RunningReader, client: LangGraphClient, clock: TestClock
):
    for n in range(3):
        await client.crons.create(
            "chat", schedule=f"{n} 9 * * *", input=HELLO, metadata={"n": n}, enabled=n > 0
        )
    assert await client.crons.count(assistant_id="chat") == 3
    assert await client.crons.count(metadata={"n": 1}) == 1
    found = await client.crons.search(sort_by="next_run_date", sort_order="asc")
    assert [one["schedule"] for one in found] == ["0 9 * * *", "1 9 * * *", "2 9 * * *"]
    assert [one["enabled"] for one in found] == [False, True, True]
    assert len(await client.crons.search(enabled=True, limit=1)) == 1
    second = found[1]["cron_id"]
    changed = await client.crons.update(
        second, schedule="0 7 * * *", end_time=MONDAY + timedelta(hours=1)
    )
    # The next time would be tomorrow, and it ends today.
    assert (changed["schedule"], changed["next_run_date"]) == ("0 7 * * *", None)
    again = await client.crons.update(second, end_time=None, metadata={"more": 2})
    assert again["next_run_date"] == "2031-03-04T07:00:00+00:00"
    assert again["metadata"] == {"n": 1, "more": 2}
    assert again["payload"]["input"] == HELLO
    clock.at += timedelta(hours=2)
    assert await chores(reader, "start_crons") == 1
    await client.crons.delete(found[2]["cron_id"])
    assert await client.crons.count() == 2
    picked = await client.crons.search(select=["cron_id", "schedule"], limit=1)
    assert set(picked[0]) == {"cron_id", "schedule"}


@pytest.mark.parametrize(
    "said",
    [
        {"schedule": "61 * * * *"},
        {"schedule": "* * * * * *"},
        {"schedule": "H H H H H"},
        {"schedule": "0 9 * * 1", "timezone": "Mars/Olympus"},
        {"schedule": "0 9 * * 1", "timezone": "../../etc/passwd"},
        {"schedule": "0 9 * * 1", "command": {"resume": "yes"}},
        {"schedule": "0 9 * * 1", "checkpoint_id": "c1"},
        {"schedule": "0 9 * * 1", "context": {"model": {}}},
    ],
)
async def test_what_can_never_run_is_refused(reader: RunningReader, said: dict[str, Any]):
    reply = await reader.http.post("/runs/crons", json={"assistant_id": "chat", **said})
    assert reply.status_code == 422, reply.text
    assert {"type", "message", "hint", "trace_id"} <= set(reply.json())


async def test_a_cron_takes_no_approval_away(
    reader: RunningReader, client: LangGraphClient, clock: TestClock
):
    thread = (await client.threads.create())["thread_id"]
    await client.crons.create_for_thread(
        thread, "dag", schedule="* * * * *", input={"request": "x"}
    )
    await client.runs.wait(thread, "dag", input={"request": "cron"})
    waiting = (await client.threads.get_state(thread))["interrupts"]
    assert len(waiting) == 2
    clock.at += timedelta(minutes=1)
    await chores(reader, "start_crons")
    assert (await client.threads.get_state(thread))["interrupts"] == waiting
    [cron] = (await reader.http.post("/runs/crons/search", json={})).json()
    assert (cron["last_error"], cron["enabled"]) == (WAITS, True)


async def test_whose_a_cron_is(  # noqa: PLR0915 - one story
    database_url: str, clock: TestClock
):
    ann = make_key(database_url, "default", "asker", name="ann", agents=["hr"])
    bob = make_key(database_url, "default", "asker", name="bob")
    olga = make_key(database_url, "default", "operator", name="olga")
    other = make_key(database_url, "b", "operator", name="eve")
    said = {"assistant_id": "chat", "schedule": "* * * * *", "input": HELLO}
    async with tenant(database_url, "default") as ours, tenant(database_url, "b") as theirs:
        cron = (await ours.call("POST", "/runs/crons", ann, said)).json()
        place = f"/runs/crons/{cron['cron_id']}"
        for who, key, status in ((ours, bob, 403), (theirs, other, 404)):
            changed = await who.call("PATCH", place, key, {"enabled": False})
            deleted = await who.call("DELETE", place, key)
            assert (changed.status_code, deleted.status_code) == (status, status)
        assert (await theirs.call("POST", "/runs/crons/search", other, {})).json() == []
        off = await ours.call("PATCH", place, olga, {"enabled": False})
        assert off.json()["enabled"] is False
        await ours.call("PATCH", place, ann, {"enabled": True})

        parts = ours.app.state.parts
        work = CronRuns(parts.database, parts.desk, clock)
        clock.at = datetime.now(UTC) + timedelta(minutes=2)
        assert await CronRuns(theirs.app.state.parts.database, theirs.app.state.parts.desk, clock).start_due() == 0  # fmt: skip
        assert await work.start_due() == 1
        with psycopg.connect(database_url) as connection:
            rows = connection.execute("select owner, agents from ops.threads").fetchall()
            assert rows == [("ann", ["hr"])]
            connection.execute("update ops.api_keys set revoked_at = now() where name = 'ann'")
        clock.at += timedelta(minutes=2)
        assert await work.start_due() == 1
        [now] = (await ours.call("POST", "/runs/crons/search", olga, {})).json()
        assert (now["enabled"], now["last_error"]) == (False, KEY_IS_GONE)
        with psycopg.connect(database_url) as connection:
            assert connection.execute("select count(*) from ops.runs").fetchone() == (1,)
            connection.execute(
                "insert into ops.api_keys (key_id, workspace_id, name, roles, digest, created_by, replaces)"
                " select 'new', workspace_id, name, roles, 'd', 't', key_id from ops.api_keys where name = 'ann'"
            )
        await ours.call("PATCH", place, olga, {"enabled": True})
        clock.at += timedelta(minutes=2)
        assert await work.start_due() == 1
        [now] = (await ours.call("POST", "/runs/crons/search", olga, {})).json()
        assert (now["enabled"], now["last_error"]) == (True, None)


async def test_a_webhook_is_told_the_end_until_it_listens(
    reader: RunningReader, client: LangGraphClient, clock: TestClock
):
    clock.at = datetime.now(UTC) + timedelta(hours=1)
    with hook_receiver(500) as receiver:
        thread = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread, "chat", input=HELLO, webhook=receiver.url)
        await ended(reader, run["run_id"], thread)
        assert await chores(reader, "call_webhooks", 3) == 1
        assert await chores(reader, "call_webhooks") == 0
        clock.at += timedelta(minutes=1)
        assert await chores(reader, "call_webhooks", 3) == 1
        clock.at += timedelta(days=1)
        assert await chores(reader, "call_webhooks") == 0
    (first, _), (second, body) = receiver.came
    assert first["webhook-id"] == second["webhook-id"] == f"run_{run['run_id']}"
    said = json.loads(body)
    assert (said["run_id"], said["status"], said["error"]) == (run["run_id"], "success", None)
    assert said["values"]["messages"][-1]["content"] == "you said hi as words"


@pytest.mark.parametrize(
    "url",
    ["http://example.org/x", "https://127.0.0.1/x", "https://localhost/x", "https://[::1]/x",
     "https://169.254.169.254/latest", "https://u:p@example.org/", "file:///etc/passwd"],
)  # fmt: skip
async def test_a_webhook_leads_nowhere_inside(database_url: str, url: str):
    async with running_reader(settings_on(database_url), GRAPHS, with_worker=False) as reader:
        run = {"assistant_id": "chat", "input": HELLO, "webhook": url}
        reply = await reader.http.post("/runs", json=run)
    assert reply.status_code == 422, reply.text


async def test_a_thread_is_kept_for_a_while(
    reader: RunningReader, client: LangGraphClient, clock: TestClock
):
    brief = (await client.threads.create(ttl=5))["thread_id"]
    stays = (await client.threads.create(ttl={"ttl": 60, "strategy": "delete"}))["thread_id"]
    clock.at += timedelta(minutes=6)
    assert await chores(reader, "forget_threads") == 1
    with pytest.raises(httpx.HTTPStatusError):
        await client.threads.get(brief)
    assert (await client.threads.get(stays))["status"] == "idle"
