"""A writer that is killed (SIGKILL) at a random moment, or has its Qdrant killed under it.

`WRITER_KILLS=200` makes it long, `WRITER_SEED` makes it another.
"""

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kb_contract.identifiers import production_alias
from tests.conftest import RunningPostgres
from tests.doubles.alias_watch import AliasWatch, Outages, print_of
from tests.doubles.clean_build import Damage, Payloads, built_from_nothing, served_by
from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.knowledge_history import KnowledgeHistory
from tests.doubles.marking_writer import FAILED, KILLED, LONGEST_DELAY, MarkingWriter
from tests.doubles.qdrant_servers import QdrantServer, running
from tests.doubles.sizes import sizes
from tests.doubles.sudden_death import exit_code
from tests.doubles.writer_world import WriterWorld, why

SEED = int(os.environ.get("WRITER_SEED", "5"))
MOST_PAGES = 30
PAGES_FOR_A_KILL = 8
EDITS = ["add", "add", "edit", "edit", "insert above", "shrink", "delete", "rename",
         "rename and edit", "double", "draft"]  # fmt: skip


class Ordeal:
    """One agent with a life, whose writer dies again and again."""

    def __init__(self, world: WriterWorld, qdrant: QdrantServer, pages: int) -> None:
        self.world = world
        self.chance = random.Random(SEED)
        self.history = KnowledgeHistory(world.repository, (world.agent,), SEED)
        for _ in range(pages):
            self.history.step("add")
        self.outages = Outages(qdrant)
        self.watch = AliasWatch(qdrant, self.outages, production_alias("default", world.agent))
        self.damage = Damage()
        self.marks_of_a_run = 0
        self.killed = {"writer": 0, "Qdrant": 0}

    def edit(self) -> None:
        for _ in range(self.chance.randint(1, 6)):
            self.history.step(self.chance.choice(EDITS))

    def start(self) -> MarkingWriter:
        return MarkingWriter(Place.of(self.world), self.world.repository.root.parent / "marks")

    def undisturbed(self) -> None:
        """Publish an edit, and see how many marks that makes."""
        self.edit()
        writer = self.start()
        assert exit_code(writer.process) == 0
        self.marks_of_a_run = writer.made()
        assert self.marks_of_a_run > 20

    def disturbed(self, what: str) -> str:
        """Publish an edit, with a death at a random moment; tells the moment."""
        self.edit()
        mark = self.chance.randint(1, self.marks_of_a_run)
        delay = self.chance.uniform(0, LONGEST_DELAY)
        writer = self.start()
        if writer.comes_to(mark):
            # How far it comes meanwhile is chance; when it comes to its end, it was not killed.
            writer.process.join(delay)
            if what == "Qdrant":
                self.outages.have_one()
            else:
                writer.process.kill()
        ended = exit_code(writer.process)
        assert ended in ({0, FAILED} if what == "Qdrant" else {0, KILLED}), ended
        self.killed[what] += what == "Qdrant" or ended == KILLED
        if ended == 0 and what == "writer":
            self.marks_of_a_run = writer.made()
        return f"{what} at {mark} + {delay:.3f} s: {ended}, {writer.made()} marks"

    def run_to_the_end(self, moment: str) -> None:
        kept = self.world.count("embeddings")
        result = self.world.ingest()
        assert result.success, f"{moment}: {why(result)}"
        more = self.world.count("embeddings") - kept
        embedded = self.world.embedder.passages
        if len(embedded) != more:
            self.damage.repeated.append(f"{moment}: {len(embedded)} for {more}")

    def served(self) -> Payloads:
        return served_by(self.world, [self.world.agent])[self.world.agent]


@pytest.fixture
def qdrant() -> Iterator[QdrantServer]:
    with running("owner") as server:
        yield server


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant: QdrantServer, agent_id: str
) -> Iterator[WriterWorld]:
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant.url, agent_id)
    yield world
    world.close()


@pytest.mark.timeout(240 + 30 * int(os.environ.get("WRITER_KILLS", "4")))
@pytest.mark.parametrize("kills", sizes("WRITER_KILLS", 2, 4))
def test_readers_see_whole_generations_and_the_next_run_ends_where_a_clean_build_ends(
    world: WriterWorld, qdrant: QdrantServer, postgres: RunningPostgres, qdrant_url: str,
    record_property: Callable[[str, object], None], kills: int,
):  # fmt: skip
    ordeal = Ordeal(world, qdrant, min(MOST_PAGES, PAGES_FOR_A_KILL * kills))
    world.publish()
    ordeal.undisturbed()
    seen_whole = 0
    with ordeal.watch.watching():
        while sum(ordeal.killed.values()) < kills:
            before = ordeal.served()
            moment = ordeal.disturbed(
                "Qdrant" if sum(ordeal.killed.values()) % 3 == 1 else "writer"
            )
            ordeal.run_to_the_end(moment)
            served = ordeal.served()
            seen = ordeal.watch.take_seen()
            assert set(seen) <= {print_of(before), print_of(served)}, moment
            seen_whole += seen.total()
            clean = built_from_nothing(world, [world.agent], postgres, qdrant_url)[world.agent]
            ordeal.damage.look(served, clean, moment)
    record_property("faults", " and ".join(f"{n} of {one}" for one, n in ordeal.killed.items()))
    for name, found in vars(ordeal.damage).items():
        record_property(name, len(found))
    assert ordeal.damage == Damage()
    assert ordeal.watch.errors == []
    assert seen_whole > kills
