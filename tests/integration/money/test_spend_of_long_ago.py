"""Requests of long ago are summed up by day, and no report says anything else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from graph.server.database import Database, server_pool
from graph.server.retention import Retention, retention_of
from graph.settings import ReaderSettings
from graph.testing.controlled_clock import ControlledClock
from tests.doubles.aged_rows import later, rows, tables
from tests.doubles.approval_world import settings_of

SPEND = """
insert into ops.threads (thread_id) values ('t0'), ('t1');
insert into ops.answers (answer_id, thread_id, question, query_type, status, answer, plan, created_at)
select 'a' || n, 't' || n % 3, 'q', (array['catalogue', 'comparison', 'simple_lookup'])[1 + n / 3 % 3], 'completed', 'a', '{}',
       now() - interval '100 days' + n * interval '50 minutes' from generate_series(1, 90) n;
insert into ops.usage (workspace_id, thread_id, run_id, user_id, agent_id, step_id, model, prompt_tokens,
                       completion_tokens, cost, source, outcome, spread, at)
select case n % 10 when 9 then 'other' else 'default' end, 't' || n % 3, 'r', (array['ann', 'bob', null])[1 + n % 3],
       'agent' || n % 2, (array['s1', 'extract', 'rerank', null])[1 + n % 4], 'm' || n % 2, n, n % 7, n * 0.00000013,
       (array['provider', 'estimated'])[1 + n % 2], (array['answered', 'failed', 'lost', 'answered', 'open'])[1 + n % 5],
       n % 2 * 0.0001, now() - interval '100 days' + n * interval '5 minutes'
from generate_series(1, 1000) n;
"""
GONE = ("session t2", "session none")
WAYS = ("agent", "type", "user", "day", "model", "session")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> ReaderSettings:
    rows(database_url, SPEND)
    return settings_of(
        database_url, keep_usage_days=30, keep_answers_days=30, archive_dir=str(tmp_path / "a")
    )


@pytest.fixture
async def retention(settings: ReaderSettings) -> AsyncIterator[Retention]:
    async with server_pool(settings.database_url, largest=4) as pool:
        yield retention_of(settings, Database(pool, "default"), ControlledClock(later(days=0)))


async def reports(http: httpx.AsyncClient) -> dict[str, Any]:
    """What `/costs` says by each way, from the beginning; lists by name, for equal costs have no order."""
    found: dict[str, Any] = {}
    for way in WAYS:
        said = (
            (await http.get(f"/costs?by={way}&since=2020-01-01T00:00:00Z"))
            .raise_for_status()
            .json()
        )
        found.update({f"{way} {one.pop('name')}": one for one in said["rows"]})
        found |= {"total": said["total"], "ingestion": said["ingestion"]}
    return found


def spend(found: dict[str, Any], *but: str) -> dict[str, Any]:
    return {name: pytest.approx(one) for name, one in found.items() if not name.startswith(but)}


def requests_left(database_url: str) -> list[int]:
    found = rows(database_url, "select workspace_id, outcome = 'open' as open, count(*) as n from ops.usage"
                               " group by 1, 2 order by 1, 2")  # fmt: skip
    return [one["n"] for one in found]


async def test_reports_say_what_they_said(
    database_url: str, http: httpx.AsyncClient, retention: Retention, tmp_path: Path
):
    rows(database_url, "update ops.usage set outcome = 'answered' where outcome = 'open'")
    before = await reports(http)
    over = {one.store: one.over_age for one in await retention.look() if one.over_age}
    went = await retention.run()
    assert (over["usage"], went["usage"], went["answers"]) == (540, 540, 90)
    assert tables(tmp_path / "a")["ops.usage"] == 540
    after = await reports(http)
    assert {name: one for name, one in after.items() if name not in GONE} == spend(before, *GONE)
    # A session that is not there any more is named by the requests alone that are not summed up yet.
    both = [sum(one.get(name, {"cost": 0})["cost"] for name in GONE) for one in (before, after)]
    assert both[0] == pytest.approx(both[1])
    assert after["session t2"]["requests"] < before["session t2"]["requests"]
    assert not any((await retention.run()).values())


async def test_what_is_open_or_estimates_stand_on_stays(database_url: str, retention: Retention):
    await retention.run()
    kept = rows(database_url, "select model, count(*) as n from ops.usage where outcome <> 'open' or"
                              " workspace_id = 'other' group by 1")  # fmt: skip
    assert requests_left(database_url)[1] == 100, "no open one goes"
    newest = rows(database_url, "select min(usage_id) as id from ops.usage where workspace_id = 'default'"
                                " and outcome <> 'open'")  # fmt: skip
    assert newest[0]["id"] > 590
    assert len(kept) == 2


async def test_what_the_last_runs_took_stays(database_url: str, retention: Retention):
    rows(
        database_url,
        "insert into ops.runs (run_id, thread_id, assistant_id, kwargs) values ('r', 't0', 'g', '{}')",
    )
    assert (await retention.run())["usage"] == 0


async def test_two_at_once_count_nothing_twice(
    database_url: str, http: httpx.AsyncClient, retention: Retention
):
    before = await reports(http)
    small = tuple(replace(one, batch=7) for one in retention.stores)
    both = [
        Retention(retention.database, small, retention.archive, retention.now) for _ in range(2)
    ]
    went = await asyncio.gather(*(one.run() for one in both))
    assert sum(one["usage"] for one in went) == 480
    after = await reports(http)
    assert {name: one for name, one in after.items() if name not in GONE} == spend(before, *GONE)
