"""The audit is one chain: it grows with every decision, and whoever changes it is found."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from typer.testing import CliRunner, Result

from graph.server.audit_entries import Chain
from kb.commands.audit import audit
from tests.conftest import free_port
from tests.doubles.aged_rows import lines

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]
ASK = (
    "insert into ops.approvals (approval_id, thread_id, run_id, step_id, agent_id, digest, request)"
    " values (%s, 't', 'r', 's', 'a', 'd', %s)"
)

MAKE_FOUR_OLD = """
do $$ declare one record; before text := ''; said text; begin
  for one in select * from ops.audit order by n loop
    said := case when one.n <= 4 then
      jsonb_set(one.entry::jsonb, '{at}', '"2020-01-01T00:00:00.000000Z"')::text else one.entry::text end;
    update ops.audit set entry = said::json, previous = before,
      digest = encode(sha256(convert_to(before || E'\\n' || said, 'UTF8')), 'hex')
    where n = one.n returning digest into before;
  end loop;
end $$
"""


def run(url: str, statement: LiteralString, values: Any = None) -> None:
    with psycopg.connect(url) as database:
        database.execute(statement, values)


def fill(url: str, entries: int) -> None:
    run(url, "insert into ops.threads (thread_id) values ('t') on conflict do nothing")
    said = json.dumps({"odd": [1e22, 1.0, "é\u2028", {"b": None, "a": True}]})
    for number in range(entries):
        run(url, ASK, (f"a{number}", said))


def followed(url: str) -> Chain:
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as database:
        rows = database.execute(
            "select n, entry::text as entry, previous, digest from ops.audit order by n"
        )
        return Chain().follow(rows.fetchall())


def environment(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "QDRANT_URL": f"http://127.0.0.1:{free_port()}"}


def kb(url: str, *arguments: str, **more: str) -> Result:
    """What people type after `kb audit`, in this process."""
    return CliRunner().invoke(audit, arguments, env={**environment(url), **more})


def test_verify_names_the_first_broken_entry(database_url: str):
    fill(database_url, 5)
    whole = subprocess.run(
        [sys.executable, "-m", "kb", "audit", "verify", "--json"], capture_output=True, text=True,
        check=False, env={**os.environ, **environment(database_url)},
    )  # fmt: skip
    report = json.loads(whole.stdout)
    assert (whole.returncode, report["ok"], report["entries"]) == (0, True, 5)
    noted = kb(database_url, "verify", "--head", report["head"])
    assert noted.exit_code == 0
    listed = json.loads(kb(database_url, "list", "--approval", "a3", "--json").stdout)["entries"]
    assert [(one["n"], one["kind"], one["approval_id"]) for one in listed] == [(4, "asked", "a3")]
    run(database_url, "alter table ops.audit disable trigger append_only")
    run(
        database_url,
        """update ops.audit set entry = replace(entry::text, '"a2"', '"a9"')::json where n = 3""",
    )
    broken = kb(database_url, "verify", "--json")
    report = json.loads(broken.stdout)
    assert (broken.exit_code, report["ok"], report["broken"]) == (1, False, 3)
    assert "words" in report["reason"]


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("delete from ops.audit where n = 2", 3),
        ("update ops.audit set n = 99 where n = 3", 4),
        ("update ops.audit set digest = previous where n = 3", 3),
        ("update ops.audit set previous = '' where n = 4", 4),
    ],
)
def test_every_change_is_found(database_url: str, change: LiteralString, broken: int):
    fill(database_url, 5)
    run(database_url, "alter table ops.audit disable trigger append_only")
    run(database_url, change)
    assert followed(database_url).broken == broken


def test_a_tail_that_was_cut_off_is_found_by_a_head_that_was_noted(database_url: str):
    fill(database_url, 3)
    head = followed(database_url).head
    run(database_url, "alter table ops.audit disable trigger append_only")
    run(database_url, "delete from ops.audit where n = 3")
    assert kb(database_url, "verify").exit_code == 0
    lost = kb(database_url, "verify", "--head", head)
    assert (lost.exit_code, "noted head" in lost.stdout) == (1, True)


@pytest.mark.parametrize(
    "change",
    [
        "update ops.audit set digest = ''",
        "delete from ops.audit",
        "truncate ops.audit",
    ],
)
def test_nobody_changes_it_by_mistake(database_url: str, change: LiteralString):
    fill(database_url, 1)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        run(database_url, change)


def test_many_at_once_make_one_chain(database_url: str):
    fill(database_url, 0)
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda n: run(database_url, ASK, (f"x{n}", "{}")), range(80)))
    chain = followed(database_url)
    assert (chain.count, chain.broken) == (80, None)


def test_it_outlives_what_it_tells_of(database_url: str):
    fill(database_url, 2)
    run(database_url, "delete from ops.threads")
    assert followed(database_url).count == 2


def cut(url: str, archive: Path, **more: str) -> Result:
    return kb(url, "cut", "--keep-days", "30", "--json", ARCHIVE_DIR=str(archive), **more)


def make_four_old(url: str) -> None:
    """As if the first of them had been written long ago: each link is made anew."""
    run(url, "alter table ops.audit disable trigger append_only")
    run(url, MAKE_FOUR_OLD)
    run(url, "alter table ops.audit enable trigger append_only")


def test_the_oldest_entries_are_cut_off_and_the_chain_says_so(database_url: str, tmp_path: Path):
    fill(database_url, 6)
    make_four_old(database_url)
    run(database_url, "update ops.approvals set status = 'approved' where approval_id <> 'a3'")
    before = json.loads(kb(database_url, "verify", "--json").stdout)
    assert (before["ok"], before["entries"]) == (True, 11)
    assert json.loads(cut(database_url, tmp_path).stdout) == {"entries": 3}, "a3 waits"
    report = json.loads(kb(database_url, "verify", "--json").stdout)
    assert (report["ok"], report["cut"], report["entries"]) == (True, 3, 9)
    gone = [one["row"] for one in lines(tmp_path)]
    assert Chain().follow(gone).count == 3
    said = json.loads(kb(database_url, "list", "--after", "11", "--json").stdout)["entries"]
    assert [(one["kind"], one["through"], one["head"]) for one in said] == [
        ("cut", 3, gone[-1]["digest"])
    ]
    assert said[0]["actor"]
    elsewhere = {"KEEP_USAGE_DAYS": "30", "LLM_PROFILES": str(tmp_path / "profiles of the worker")}
    assert json.loads(cut(database_url, tmp_path, **elsewhere).stdout) == {"entries": 0}
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        run(database_url, "delete from ops.audit where n = 4")


def test_a_beginning_that_nobody_cut_is_found(database_url: str):
    fill(database_url, 3)
    run(database_url, "alter table ops.audit disable trigger append_only")
    run(
        database_url,
        "update ops.audit_start set (n, digest) = (select n, digest from ops.audit where n = 1)",
    )
    run(database_url, "delete from ops.audit where n = 1")
    broken = json.loads(kb(database_url, "verify", "--json").stdout)
    assert (broken["ok"], broken["broken"]) == (False, 2)
