"""Runs that are killed in the middle, and runs at the same time: each passage is paid for once."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.extraction.job import CONCURRENCY
from dagster_kb.resources.ledger import open_ledger
from kb_contract.identifiers import DEFAULT_WORKSPACE
from tests.doubles.extracting_process import read_out, read_out_alone
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.quick_processes import quick_processes
from tests.doubles.reading_model import models_file, shown
from tests.doubles.writer_world import WriterWorld

PASSAGES = 40
ANSWER = json.dumps({"summary": "A page. " * 20, "facts": ["It is one of many."] * 5})


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        running.script = lambda _: Reply(text=ANSWER, drip_seconds=0.01)
        yield running


@pytest.fixture
def profiles(provider: LoopbackProvider, tmp_path: Path) -> str:
    return models_file(tmp_path, provider)


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    pages = {f"p{n}.md": f"# Page {n}\n\nText {n} of many.\n" for n in range(PASSAGES)}
    world.publish({**pages, "agent.yaml": "gate: {canary: 'off'}\n"})
    return world


def row(world: WriterWorld, statement: str) -> dict[str, Any]:
    with world.ledger.database.transaction() as connection:
        return connection.execute(statement.encode()).fetchone() or {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.full)])
def test_a_killed_run_goes_on_at_the_passage(
    world: WriterWorld, provider: LoopbackProvider, profiles: str, database_url: str, kills: int
) -> None:
    for number in range(kills):
        process = quick_processes().Process(
            target=read_out_alone, args=(database_url, world.agent, profiles, f"killed-{number}")
        )
        process.start()
        before, deadline = world.count("extractions"), time.monotonic() + 90
        while world.count("extractions") < before + 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        process.join()
        assert world.count("extractions") >= before + 5
    kept = row(world, "select count(*) as n from kb.extractions where status = 'DONE'")["n"]
    asked = len(provider.calls)
    outcome = read_out(world.ledger, world.agent, profiles, "last")
    assert outcome.totals.done == PASSAGES
    # The last run asked for no passage that was kept; each kill lost what was under way at most.
    assert len(provider.calls) - asked == PASSAGES - kept
    assert len(provider.calls) <= PASSAGES + kills * CONCURRENCY
    row(world, "update ops.usage set expires_at = now() - interval '1 s' where outcome = 'open' returning 1")  # fmt: skip
    row(world, "select ops.settle_lost_money()")
    books = row(world, "select sum(cost)::float as cost, count(sent_at) as sent from ops.usage")
    # One that is killed in the moment between being marked as sent and being sent is down as such requests cost.
    unsent = (books["sent"] - len(provider.calls)) * provider.dollars() / len(provider.calls)
    assert unsent >= 0
    assert 0.99 * provider.dollars() <= books["cost"] <= 1.01 * (provider.dollars() + unsent)


@pytest.mark.timeout(300)
def test_runs_at_the_same_time_ask_for_each_passage_once(
    world: WriterWorld, provider: LoopbackProvider, profiles: str, database_url: str
) -> None:
    ledgers = [open_ledger(database_url, DEFAULT_WORKSPACE) for _ in range(2)]
    with ThreadPoolExecutor(len(ledgers)) as pool:
        runs = [
            pool.submit(read_out, one, world.agent, profiles, f"run-{number}")
            for number, one in enumerate(ledgers)
        ]
        outcomes = [one.result() for one in runs]
    for one in ledgers:
        one.database.close()
    asked = Counter(shown(one) for one in provider.calls)
    assert set(asked.values()) == {1}
    assert len(asked) == PASSAGES
    assert sum(one.tally.done for one in outcomes) == PASSAGES
    assert all(one.totals.done == PASSAGES for one in outcomes)
