"""Agents of one `kb ingest`, two at a time, on Dagster's storage as it is kept."""

import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from kb.dagster_home import dagster_environment, write_dagster_home
from kb.ingestion import Ingested, Ingestion
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGE = "# Page {0} of {1}\n\nWords that only page {0} of {1} has, so that it has a vector alone.\n"
PAGES, LONG = 5, 120


@pytest.fixture
def ingestion(
    world: WriterWorld, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ingestion]:
    home = tmp_path / "dagster"
    write_dagster_home(home, database_url)
    for name, value in dagster_environment(home, database_url).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield Ingestion(world.definitions, world.ledger, instance)


def agents_of(world: WriterWorld, number: int) -> list[str]:
    agents = [f"{world.agent}{letter}" for letter in "abcdefgh"[:number]]
    for agent in agents:
        world.write({f"page{n}.md": PAGE.format(n, agent) for n in range(PAGES)}, agent)
    world.repository.commit()
    return agents


def run(ingestion: Ingestion, agents: list[str]) -> list[Ingested]:
    def one(agent: str) -> Ingested:
        return ingestion.run(agent, uncommitted=False, force=False)

    return list(ingestion.side_by_side(one, agents))


def partitions_told(instance: dg.DagsterInstance, run_id: str) -> set[str | None]:
    records = instance.get_records_for_run(run_id, limit=1000).records
    told = [one.event_log_entry.dagster_event for one in records]
    return {one.step_materialization_data.materialization.partition for one in told
            if one and one.is_step_materialization}  # fmt: skip


@pytest.mark.timeout(600)
def test_two_embed_at_one_time_and_each_tells_its_own_story(
    world: WriterWorld, ingestion: Ingestion
):
    agents, both = agents_of(world, 4), threading.Barrier(2, timeout=LONG)
    world.write({"agent.yaml": "no: such: thing"}, agents[2])
    world.repository.commit()
    first = iter([True, True])

    def meet() -> None:
        if next(first, False):
            both.wait()

    world.embedder.before_embedding = meet
    ran = run(ingestion, agents)
    assert [one.agent for one in ran] == agents
    assert [one.ok for one in ran] == [True, True, False, True]
    assert "agent.yaml" in (ran[2].error or "")
    for one in (ran[0], ran[1], ran[3]):
        live = world.ledger.generations.live(one.agent)
        assert live is not None
        assert world.store.count(live.collection or "") == live.chunks == one.chunks
        assert one.dagster_run_id
        assert partitions_told(ingestion.instance, one.dagster_run_id) == {one.agent}
    # Every text once, whichever of the two came to it.
    embedded = [text for text in world.embedder.texts if "Words that only page" in text]
    assert len(set(embedded)) >= 3 * PAGES
    assert world.count("embeddings") == 3 * PAGES
