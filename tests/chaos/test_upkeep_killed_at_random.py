"""Retention, the end of an agent and its renaming are killed (SIGKILL) at random moments.

`WRITER_KILLS=200` makes it long, `WRITER_SEED` makes it another.
"""

import itertools
import os
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger_retention import Keep
from dagster_kb.upkeep.retention import Retention
from kb_contract.identifiers import COLOURS, collection_name, production_alias
from tests.conftest import RunningPostgres
from tests.doubles.alias_watch import AliasWatch, Outages, print_of
from tests.doubles.clean_build import Damage, Payloads, built_from_nothing, served_by
from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.knowledge_history import KnowledgeHistory
from tests.doubles.marking_writer import RandomKiller
from tests.doubles.qdrant_servers import QdrantServer, running
from tests.doubles.upkeep_work import (
    GRACE_HOURS,
    KEPT,
    follow,
    forget,
    in_a_process,
    let_time_pass,
    retire,
)
from tests.doubles.writer_world import WriterWorld

KILLS = int(os.environ.get("WRITER_KILLS", "1"))
SEED = int(os.environ.get("WRITER_SEED", "5"))
PAGES = 4
# About so many marks each makes, so that the first may be killed too.
MARKS = {"forget": 44, "retire": 40, "follow": 140}
EDITS = ["add", "edit", "edit", "insert above", "delete", "rename and edit", "double"]
Report = Callable[[str, object], None]
pytestmark = pytest.mark.timeout(300 + 60 * KILLS)


class Ordeal:
    """An agent beside another that stays, and what happens to it."""

    def __init__(self, world: WriterWorld, work: str) -> None:
        self.world = world
        self.history = KnowledgeHistory(world.repository, (world.agent, "stays"), SEED)
        for _ in range(PAGES):
            self.history.step("add")
        self.killer = RandomKiller(
            Place.of(world),
            world.repository.root.parent / "marks",
            random.Random(SEED),
            marks_of_a_run=MARKS[work],
        )
        self.damage = Damage()
        world.publish()
        assert world.ingest("stays").success

    def served(self, agent: str = "") -> Payloads:
        agent = agent or self.world.agent
        return served_by(self.world, [agent])[agent]

    def ingest(self, agent: str, moment: str) -> None:
        """Nothing of it was ever paid for twice."""
        kept = self.world.count("embeddings")
        assert self.world.ingest(agent).success, moment
        if len(texts := self.world.embedder.passages) != (
            more := self.world.count("embeddings") - kept
        ):
            self.damage.repeated.append(f"{moment}: {len(texts)} for {more}")

    def told(self, record_property: Report) -> None:
        record_property("faults", self.killer.kills)
        for name, found in vars(self.damage).items():
            record_property(name, len(found))
        assert self.damage == Damage()


@pytest.fixture(scope="module")
def qdrant() -> Iterator[QdrantServer]:
    with running("owner") as server:
        yield server


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant: QdrantServer, agent_id: str
) -> Iterator[WriterWorld]:
    repository = GitRepository(tmp_path / "repo")
    world = WriterWorld(repository, database_url, qdrant.url, agent_id, keep_generations=KEPT)
    yield world
    world.close()


def is_over(world: WriterWorld) -> bool:
    """Whether retention would find nothing more to delete."""
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    keep = Keep(KEPT, world.settings.keep_days)
    look = Retention(world.ledger, world.store, folder, keep, GRACE_HOURS).look()
    return not (look.generations or look.documents or look.chunks or look.embeddings or look.runs)


def test_retention_that_was_killed_takes_nothing_that_is_served_or_led_back_to(
    world: WriterWorld, record_property: Report
):
    ordeal = Ordeal(world, "forget")
    work = partial(in_a_process, forget)
    while ordeal.killer.kills < KILLS:
        before: list[Payloads] = []
        for _ in range(KEPT + 1):
            for _ in range(3):
                ordeal.history.step(ordeal.history.chance.choice(EDITS))
            ordeal.ingest(world.agent, "an edit")
            before.append(ordeal.served())
        let_time_pass(world)
        moment = ordeal.killer.strike(work)
        ordeal.damage.look(ordeal.served(), before[-1], moment)
        assert forget(world), moment
        assert is_over(world), moment
        ordeal.damage.look(ordeal.served(), before[-1], moment)
        assert world.ingest(force=True).success, moment
        ordeal.damage.repeated += world.embedder.passages
        before.append(ordeal.served())
        back = WayBack(world.ledger, world.store, world.embedder)
        back.roll_back(world.agent, reason="to see whether it is whole", by="test")
        ordeal.damage.look(ordeal.served(), before[-2], f"{moment}, back")
        world.ledger.incidents.resume(world.agent, "test")
    ordeal.told(record_property)


def test_the_end_of_an_agent_that_was_killed_is_brought_to_its_end(
    world: WriterWorld, record_property: Report, postgres: RunningPostgres, qdrant_url: str
):
    ordeal = Ordeal(world, "retire")
    agent, work = world.agent, partial(in_a_process, retire)
    gone = aliases_of("default", agent)
    while ordeal.killer.kills < KILLS:
        ordeal.history.step("edit")
        ordeal.ingest(agent, "an edit")
        world.repository.remove(f"knowledge/{agent}")
        world.repository.write({"knowledge/README.md": "no agent yet"})
        world.repository.commit("gone")
        moment = ordeal.killer.strike(work)
        assert retire(world), moment
        assert not world.store.aliases().keys() & set(gone), moment
        assert world.ledger.generations.live(agent) is None, moment
        if drops := ordeal.history.chance.random() < 0.5:
            let_time_pass(world)
            moment += f", dropped {ordeal.killer.strike(work)}"
            assert retire(world), moment
        names = [collection_name("default", agent, one) for one in COLOURS]
        left = [one for one in names if world.store.describe(one)]
        assert bool(left) is not drops, moment
        world.repository.revert_head()
        ordeal.ingest(agent, moment)
        assert world.embedder.passages == [], moment
        clean = built_from_nothing(world, [agent], postgres, qdrant_url)[agent]
        ordeal.damage.look(ordeal.served(), clean, moment)
    assert ordeal.served("stays")
    ordeal.told(record_property)


def test_a_renaming_that_was_killed_is_served_all_the_time_and_embeds_nothing(
    world: WriterWorld, qdrant: QdrantServer, record_property: Report,
    postgres: RunningPostgres, qdrant_url: str,
):  # fmt: skip
    ordeal = Ordeal(world, "follow")
    old, seen_whole = world.agent, 0
    names = (f"{world.agent}_{number}" for number in itertools.count())
    while ordeal.killer.kills < KILLS:
        new = next(names)
        before = ordeal.served(old)
        watch = AliasWatch(qdrant, Outages(qdrant), production_alias("default", old))
        with watch.watching():
            world.repository.rename(f"knowledge/{old}", f"knowledge/{new}")
            world.repository.commit("another name")
            work = partial(follow, old=old, new=new)
            moment = ordeal.killer.strike(partial(in_a_process, work))
            kept = world.count("embeddings")
            assert work(world), moment
            served = ordeal.served(new)
            seen = watch.take_seen()
        assert watch.errors == []
        assert set(seen) <= {print_of(before), print_of(served)}, moment
        seen_whole += seen.total()
        assert world.embedder.passages == [], moment
        assert world.count("embeddings") == kept, moment
        assert ordeal.served(old) == served, moment
        clean = built_from_nothing(world, [new], postgres, qdrant_url)[new]
        ordeal.damage.look(served, clean, moment)
        let_time_pass(world)
        assert retire(world, old), moment
        assert not world.store.aliases().keys() & set(aliases_of("default", old)), moment
        old = new
    assert seen_whole
    ordeal.told(record_property)
