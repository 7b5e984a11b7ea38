"""What sessions leave behind goes in its time: answers, decisions, outputs, gaps, measurements, leavings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph.gateways.postgres import LazyPool
from graph.gateways.tool_log import PostgresToolLog
from graph.server.database import Database, server_pool
from graph.server.retention import Retention, retention_of
from graph.testing.controlled_clock import ControlledClock
from tests.doubles.aged_rows import later, lines, rows, tables
from tests.doubles.approval_world import settings_of

OTHERS = """
insert into ops.threads (thread_id, workspace_id) values ('t', 'default'), ('waits', 'default'), ('o', 'other');
insert into ops.answers (workspace_id, answer_id, thread_id, question, query_type, status, answer, plan, created_at)
select case thread when 'o' then 'other' else 'default' end, thread || days, thread, 'q', 'catalogue', 'completed',
       'a', '{}', now() - make_interval(days => days)
from unnest('{t,gone,o}'::text[]) thread, unnest('{10,40}'::int[]) days;
insert into ops.citations (answer_id, ordinal, agent_id, generation, chunk_id, path, git_sha, start_offset, end_offset,
                           quote, heading_path, score)
select answer_id, n, 'a', 1, gen_random_uuid(), 'p', 's', 0, 1, 'q', '{}', 1 from ops.answers, generate_series(1, 2) n;
insert into ops.feedback (answer_id, given_by, verdict) select answer_id, 'ann', 'up' from ops.answers;
insert into ops.approvals (approval_id, thread_id, run_id, step_id, agent_id, digest, request, status, decided_at)
select thread || status || days, thread, 'r', 's', 'a', 'd', '{}', status,
       case when status <> 'pending' then now() - make_interval(days => days) end
from (values ('t', 'approved', 10), ('t', 'rejected', 40), ('waits', 'approved', 40), ('waits', 'pending', 40),
             ('o', 'approved', 40)) a (thread, status, days);
insert into ops.knowledge_gaps (workspace_id, agent_id, question, words_sha256, state, asked_at, closed_at)
values ('default', 'a', 'old', '1', 'open', now() - interval '40 days', null),
       ('default', 'a', 'closed', '2', 'closed', now() - interval '50 days', now() - interval '40 days'),
       ('default', 'a', 'closed since', '3', 'closed', now() - interval '50 days', now()),
       ('default', 'a', 'young', '4', 'open', now(), null), ('other', 'a', 'old', '1', 'open', now() - interval '40 days', null);
insert into ops.evaluations (workspace_id, kind, data, agent_id, model, figures, questions, measured_by, at)
select 'default', 'retrieval', data, null, 'm', '{}', '[]', 'ann', now() - make_interval(days => days)
from (values ('golden', 60), ('golden', 50), ('golden', 1), ('once', 300)) e (data, days);
"""
LEAVINGS = """
insert into ops.notices (n, channel, target, status, created_at) values
  (1, 'email', 'a', 'sent', now() - interval '91 days'), (2, 'email', 'a', 'waiting', now() - interval '91 days'),
  (3, 'email', 'a', 'failed', now() - interval '89 days');
insert into ops.pushes (delivery_id, provider, repository, ref, after_sha, pusher, taken_at) values
  ('old', 'github', 'r', 'm', 's', 'p', now() - interval '91 days'), ('waits', 'github', 'r', 'm', 's', 'p', null);
insert into ops.requested_operations (key, action, arguments, status, requested_by, updated_at)
select status || days, 'refresh', '{}', status, 'ann', now() - make_interval(days => days)
from unnest('{done,failed,requested}'::text[]) status, unnest('{399,401}'::int[]) days;
"""


@pytest.fixture
async def retention(database_url: str, tmp_path: Path) -> AsyncIterator[Retention]:
    settings = settings_of(database_url, keep_answers_days=30, archive_dir=str(tmp_path / "a"))
    async with server_pool(settings.database_url, largest=2) as pool:
        yield retention_of(settings, Database(pool, "default"), ControlledClock(later(days=0)))


async def test_answers_go_with_quotes_and_feedback_and_decisions_with_them(
    database_url: str, retention: Retention, tmp_path: Path
):
    rows(database_url, OTHERS)
    over = {one.store: one.over_age for one in await retention.look() if one.over_age}
    assert over == {"answers": 2, "approvals": 1, "gaps": 2, "evaluations": 2}
    went = await retention.run()
    assert {name: many for name, many in went.items() if many} == over
    assert tables(tmp_path / "a") == {
        "ops.answers": 2, "ops.citations": 4, "ops.feedback": 2, "ops.approvals": 1,
        "ops.knowledge_gaps": 2, "ops.evaluations": 2,
    }  # fmt: skip
    answers = [one["row"] for one in lines(tmp_path / "a") if one["table"] == "ops.answers"]
    assert {one["answer_id"] for one in answers} == {"t40", "gone40"}
    left = rows(database_url, "select answer_id as id from ops.answers order by 1")
    assert [one["id"] for one in left] == ["gone10", "o10", "o40", "t10"]
    left = rows(database_url, "select approval_id as id from ops.approvals order by 1")
    assert [one["id"] for one in left] == [
        "oapproved40",
        "tapproved10",
        "waitsapproved40",
        "waitspending40",
    ]
    left = rows(database_url, "select question as q from ops.knowledge_gaps order by 1")
    assert [one["q"] for one in left] == ["closed since", "old", "young"]
    left = rows(database_url, "select data from ops.evaluations order by 1")
    assert [one["data"] for one in left] == ["golden", "once"], (
        "the newest of each is compared with"
    )
    assert not any((await retention.run()).values())


async def test_an_output_that_was_had_again_is_young_and_each_workspace_has_its_own(
    database_url: str, ops: LazyPool, retention: Retention
):
    for workspace in ("default", "other"):
        log = PostgresToolLog(ops, workspace)
        old, again = [await log.keep_output(text) for text in ("old", "again")]
    rows(database_url, "update ops.tool_outputs set kept_at = now() - interval '40 days'")
    assert await PostgresToolLog(ops, "default").keep_output("again") == again
    assert (await retention.run())["tool_outputs"] == 1
    left = rows(
        database_url, "select workspace_id, sha256 from ops.tool_outputs order by 1, content"
    )
    assert [tuple(one.values()) for one in left] == [
        ("default", again),
        ("other", again),
        ("other", old),
    ]


async def test_leavings_have_an_age_of_their_own(
    database_url: str, retention: Retention, tmp_path: Path
):
    rows(database_url, LEAVINGS)
    went = await retention.run()
    assert {name: many for name, many in went.items() if many} == {
        "notices": 1,
        "pushes": 1,
        "operations": 2,
    }
    assert sum(tables(tmp_path / "a").values()) == 4
    left = rows(database_url, "select key from ops.requested_operations order by 1")
    assert [one["key"] for one in left] == ["done399", "failed399", "requested399", "requested401"]
    assert [one["n"] for one in rows(database_url, "select n from ops.notices order by n")] == [
        2,
        3,
    ]
    assert [
        one["delivery_id"] for one in rows(database_url, "select delivery_id from ops.pushes")
    ] == ["waits"]
