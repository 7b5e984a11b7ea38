"""Balances that nothing can count in any more go with the requests that they were made of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph.server.database import Database, server_pool
from graph.server.retention import Retention, retention_of
from graph.testing.controlled_clock import ControlledClock
from tests.doubles.aged_rows import later, put_back, rows, tables
from tests.doubles.approval_world import settings_of

FILE = """
profiles: {}
budgets:
  - {name: talk, scope: session, period: ever, cap: 5}
  - {name: person, scope: user, period: ever, cap: 9}
"""
BALANCES = """
insert into ops.threads (thread_id) values ('there');
insert into ops.usage (thread_id, model, prompt_tokens, completion_tokens, cost, source, outcome, at)
select thread, 'm', 1, 1, 1, 'provider', 'answered', now() - make_interval(days => days)
from (values ('gone', 40), ('gone lately', 20)) u (thread, days);
insert into ops.budget_balances (budget, subject, begins, spent, held)
select 'daily', 'default/ann', to_char(now() at time zone 'UTC' - make_interval(days => days), 'YYYY-MM-DD'), 1, 0
from unnest('{0,31,60,62,90}'::int[]) days;
insert into ops.budget_balances (budget, subject, begins, spent, held) values
  ('monthly', 'default/*', to_char(now() at time zone 'UTC', 'YYYY-MM-01'), 1, 0),
  ('monthly', 'default/*', '2020-01-01', 1, 0), ('monthly', 'default/held', '2020-01-01', 1, 0.5),
  ('monthly', 'other/*', '2020-01-01', 1, 0),
  ('talk', 'default/there', 'ever', 1, 0), ('talk', 'default/gone', 'ever', 1, 0),
  ('talk', 'default/gone lately', 'ever', 1, 0),
  ('talk', 'default/at work', 'ever', 1, 0.5), ('talk', 'other/gone', 'ever', 1, 0),
  ('person', 'default/gone', 'ever', 1, 0), ('of another file', 'default/gone', 'ever', 1, 0);
"""
LEFT = "select budget || ' ' || subject as of, begins from ops.budget_balances order by 1, 2"


@pytest.fixture
async def retention(database_url: str, tmp_path: Path) -> AsyncIterator[Retention]:
    file = tmp_path / "models.yaml"
    file.write_text(FILE, encoding="utf-8")
    settings = settings_of(
        database_url, keep_usage_days=30, llm_profiles=str(file), archive_dir=str(tmp_path / "a")
    )
    async with server_pool(settings.database_url, largest=2) as pool:
        yield retention_of(settings, Database(pool, "default"), ControlledClock(later(days=0)))


async def test_balances_of_ended_periods_and_of_sessions_that_are_gone_go(
    database_url: str, retention: Retention, tmp_path: Path
):
    rows(database_url, BALANCES)
    before = rows(database_url, LEFT)
    over = {one.store: one.over_age for one in await retention.look()}
    assert over["balances"] == 4
    assert (await retention.run())["balances"] == 4
    assert tables(tmp_path / "a") == {"ops.budget_balances": 4}
    left = rows(database_url, LEFT)
    assert [one["of"] for one in left if one["begins"] != "ever"] == [
        *["daily default/ann"] * 3, "monthly default/*", "monthly default/held", "monthly other/*",
    ]  # fmt: skip
    assert [one["of"] for one in left if one["begins"] == "ever"] == [
        "of another file default/gone", "person default/gone", "talk default/at work",
        "talk default/gone lately", "talk default/there", "talk other/gone",
    ]  # fmt: skip
    put_back(database_url, tmp_path / "a")
    assert rows(database_url, LEFT) == before
