"""Sessions that nobody touched for long go with all that they wrote, and into the archive before."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from langgraph_sdk.client import LangGraphClient

from graph.server.database import Database, server_pool
from graph.server.retention import Retention, retention_of
from graph.settings import ReaderSettings
from graph.testing.controlled_clock import ControlledClock
from graph.testing.running_reader import RunningReader, running_reader
from tests.doubles.aged_rows import later, lines, put_back, rows, tables
from tests.doubles.approval_world import settings_of
from tests.doubles.demo_graphs import GRAPHS

pytestmark = [pytest.mark.timeout(120)]
HELLO: Any = {"messages": [{"role": "user", "content": "hi\nthere"}]}
LEFT = """
select (select count(*) from ops.threads) as threads, (select count(*) from ops.runs) as runs,
       (select count(*) from ops.events) as events, (select count(*) from ops.approvals) as approvals,
       (select count(*) from langgraph.checkpoints) as checkpoints,
       (select count(*) from langgraph.checkpoint_blobs) as blobs,
       (select count(*) from langgraph.checkpoint_writes) as writes
"""
DIES_AT_THE_END = """
create function ops.die() returns trigger language plpgsql as
  $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
create constraint trigger dies after delete on ops.threads deferrable initially deferred
  for each row execute function ops.die();
"""


@pytest.fixture
def clock() -> ControlledClock:
    return ControlledClock(later(days=0))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ReaderSettings:
    return settings_of(database_url, keep_sessions_days=30, archive_dir=str(tmp_path / "a" / "b"))


@pytest.fixture
async def reader(settings: ReaderSettings, clock: ControlledClock) -> AsyncIterator[RunningReader]:
    async with running_reader(settings, GRAPHS, now=clock) as running:
        yield running


@pytest.fixture
async def retention(settings: ReaderSettings, clock: ControlledClock) -> AsyncIterator[Retention]:
    async with server_pool(settings.database_url, largest=4) as pool:
        yield retention_of(settings, Database(pool, "default"), clock)


def left(database_url: str) -> dict[str, Any]:
    [found] = rows(database_url, LEFT)
    return found


async def test_a_session_of_long_ago_goes_whole_and_is_in_the_archive(
    database_url: str, reader: RunningReader, clock: ControlledClock, tmp_path: Path
):
    old = await reader.ask(HELLO, graph="chat")
    before = left(database_url)
    clock.go_on(days=29)
    assert reader.worker
    chore = reader.worker.people.chores["keep_so_long"]
    assert await chore() == 0
    clock.go_on(minutes=59)
    assert await chore() == 0, "it looks once an hour"
    clock.go_on(days=2)
    assert await chore() == 1
    assert set(left(database_url).values()) == {0}
    found = tables(tmp_path / "a" / "b")
    assert found == {
        "ops.threads": 1, "ops.runs": before["runs"], "ops.events": before["events"],
        "langgraph.checkpoints": before["checkpoints"],
        "langgraph.checkpoint_blobs": before["blobs"],
        "langgraph.checkpoint_writes": before["writes"],
    }  # fmt: skip
    [thread] = [one["row"] for one in lines(tmp_path / "a" / "b") if one["table"] == "ops.threads"]
    assert thread["thread_id"] == old
    [file] = (tmp_path / "a" / "b").iterdir()
    assert (file.name.startswith("sessions-"), file.stat().st_mode & 0o77) == (True, 0)
    put_back(database_url, tmp_path / "a" / "b")
    assert left(database_url) == before
    state = await reader.http.get(f"/threads/{old}/state")
    assert state.json()["values"]["messages"][0]["content"] == "hi\nthere"


async def test_what_waits_works_or_is_young_stays(
    database_url: str, reader: RunningReader, retention: Retention, clock: ControlledClock
):
    client = LangGraphClient(reader.http)
    waits = await reader.ask({"question": "may I?"}, graph="asking")
    of_cron = (await client.threads.create())["thread_id"]
    await client.crons.create_for_thread(of_cron, "chat", schedule="0 9 1 1 *", input=HELLO)
    works = (await client.threads.create())["thread_id"]
    await client.runs.create(works, "slow", input={"n": 2000, "seconds": 60.0, "tag": "t"})
    gone = await reader.ask(HELLO, graph="chat")
    young = await reader.ask(HELLO, graph="chat")
    rows(database_url, "update ops.threads set updated_at = %s where thread_id = %s",
         later(days=39), young)  # fmt: skip
    other = (await client.threads.create())["thread_id"]
    rows(database_url, "update ops.threads set workspace_id = 'other' where thread_id = %s", other)
    clock.go_on(days=40)
    assert [one.over_age for one in await retention.look() if one.store == "sessions"] == [1]
    assert (await retention.run())["sessions"] == 1
    stay = {one["thread_id"] for one in rows(database_url, "select thread_id from ops.threads")}
    assert stay == {waits, of_cron, works, young, other}
    assert gone not in stay
    [run] = await client.runs.list(works)
    await client.runs.cancel(works, run["run_id"], wait=True)


async def test_nothing_goes_unless_it_is_said(
    database_url: str, reader: RunningReader, clock: ControlledClock
):
    await reader.ask(HELLO, graph="chat")
    clock.go_on(days=10_000)
    async with server_pool(settings_of(database_url).database_url, largest=1) as pool:
        kept = retention_of(settings_of(database_url), Database(pool, "default"), clock)
        assert sum((await kept.run()).values()) == 0
    assert left(database_url)["threads"] == 1


async def test_killed_between_archive_and_deletion_nothing_is_lost(
    database_url: str, reader: RunningReader, retention: Retention, clock: ControlledClock, tmp_path: Path
):  # fmt: skip
    await reader.ask(HELLO, graph="chat")
    before = left(database_url)
    rows(database_url, DIES_AT_THE_END)
    clock.go_on(days=31)
    with pytest.raises(psycopg.OperationalError):
        await retention.run()
    assert left(database_url) == before
    once = tables(tmp_path / "a" / "b")
    assert once["ops.threads"] == 1
    rows(database_url, "drop trigger dies on ops.threads")
    assert (await retention.run())["sessions"] == 1
    twice = lines(tmp_path / "a" / "b")
    assert tables(tmp_path / "a" / "b") == {name: 2 * many for name, many in once.items()}
    assert len({str(one) for one in twice}) * 2 == len(twice), (
        "the same rows, to be told by their ids"
    )


async def test_without_room_for_the_archive_nothing_is_deleted(
    database_url: str, reader: RunningReader, retention: Retention, clock: ControlledClock, tmp_path: Path
):  # fmt: skip
    await reader.ask(HELLO, graph="chat")
    (tmp_path / "a").write_text("no folder")
    clock.go_on(days=31)
    assert await retention.when_due() == 0
    assert left(database_url)["threads"] == 1
    (tmp_path / "a").unlink()
    clock.go_on(hours=1)
    assert await retention.when_due() == 1


async def test_two_at_once_take_every_session_once(
    database_url: str, settings: ReaderSettings, clock: ControlledClock, tmp_path: Path
):
    rows(
        database_url,
        "insert into ops.threads (thread_id) select n::text from generate_series(1, 300) n",
    )
    async with running_reader(settings, GRAPHS, with_worker=False):
        pass  # the tables of its checkpoints
    clock.at += timedelta(days=31)
    async with server_pool(settings.database_url, largest=4) as pool:
        both = [retention_of(settings, Database(pool, "default"), clock) for _ in range(2)]
        went = await asyncio.gather(*(one.run() for one in both))
    assert sum(one["sessions"] for one in went) == 300
    assert sorted(int(one["row"]["thread_id"]) for one in lines(tmp_path / "a" / "b")) == [
        *range(1, 301)
    ]
    assert left(database_url)["threads"] == 0
