"""A writer whose lock broke wakes up late: it publishes nothing and marks nothing."""

import threading
from dataclasses import dataclass, field

import psycopg
import pytest
import yaml

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.alias_moves import swap
from dagster_kb.publishing.collection_audit import CollectionAudit
from kb_contract.errors import GateRefused
from kb_contract.identifiers import production_alias
from tests.conftest import wait_for
from tests.doubles.dying_writer import Place, run
from tests.doubles.writer_world import WriterWorld, failures

LOCKS = (
    "from pg_stat_activity where datname = current_database() and application_name = 'writer-lock'"
)
GOLDEN = yaml.safe_dump({"questions": [{"question": "The words of keys", "path": "keys.md"}]})


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish({"keys.md": "# Keys\n\nThe first words.\n", "golden.yaml": GOLDEN})
    return world


def locks_held(world: WriterWorld) -> int:
    with psycopg.connect(world.settings.database_url.get_secret_value()) as connection:
        row = connection.execute(f"select count(*) {LOCKS}").fetchone()
    return row[0] if row else 0


def break_lock(world: WriterWorld) -> None:
    """End the connection that has the lock, as a restart of Postgres or a network would."""
    url = world.settings.database_url.get_secret_value()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"select pg_terminate_backend(pid) {LOCKS}")
    wait_for(lambda: locks_held(world) == 0, "the lock's connection ends")


@dataclass
class Rival:
    """Takes over once, in the middle of another's work: a newer commit, published elsewhere."""

    world: WriterWorld
    ended: list[int] = field(default_factory=list)

    def while_writing(self, agent: str, doing: str, done: int, total: int) -> None:
        """Take over when the first batch is written."""
        if doing == "writing":
            self.take_over()

    def take_over(self) -> None:
        if self.ended:
            return
        self.ended.append(-1)
        break_lock(self.world)
        self.world.commit({"keys.md": "# Keys\n\nThe rival's words.\n"})
        place = Place(
            self.world.repository.root, self.world.settings.database_url.get_secret_value(),
            self.world.settings.qdrant_url, self.world.agent,
        )  # fmt: skip
        self.ended[:] = [run(place)]


def assert_the_rival_stands(world: WriterWorld, rival: Rival) -> None:
    assert rival.ended == [0]
    live = world.live()
    alias = production_alias("default", world.agent)
    assert world.store.aliases()[alias] == live.collection
    assert "# Keys\n\nThe rival's words." in world.served_texts()
    assert set(world.served()) == set(world.ledger.documents.manifest(live.generation_id))
    assert CollectionAudit(world.ledger, world.store).now(live, alias, whole=True).exact
    states = [one.state for one in world.ledger.generations.latest(world.agent)]
    assert states[:2] == ["live", "failed"]


def _page(number: int) -> str:
    """Eight chunks."""
    parts = (" ".join(f"p{number}x{part}x{n}" for n in range(30)) for part in range(8))
    return f"# Page {number}\n\n" + "\n\n".join(f"## Part\n\n{one}." for one in parts)


@pytest.mark.parametrize("pages", [0, 40], ids=["after its last batch", "before its next batch"])
def test_a_late_writer_does_not_go_on_writing(world: WriterWorld, pages: int):
    rival = Rival(world)
    world.definitions = build_definitions(
        world.settings, embedder=world.embedder, store=world.store, ledger=world.ledger,
        progress=rival.while_writing,
    )  # fmt: skip
    world.commit({"keys.md": "# Keys\n\nThe late words.\n"}
                 | {f"page{n}.md": _page(n) for n in range(pages)})  # fmt: skip
    late = world.ingest()
    assert "another writer took over" in failures(late)["collection"]
    assert len(world.store.written) <= 256
    assert_the_rival_stands(world, rival)


def swap_late(world: WriterWorld, rival: Rival) -> None:
    """The lock breaks when every gate has passed and the alias has not moved yet."""
    checked = world.ledger.generations.latest(world.agent)[0]
    with world.ledger.agent_lock(world.agent):
        rival.take_over()
        swap(world.ledger, world.store, checked, "late run")


def test_a_late_writer_does_not_move_the_alias(world: WriterWorld):
    rival = Rival(world)
    world.commit({"keys.md": "# Keys\n\nThe late words.\n"})
    chain = ["parsed_documents", "chunks", "embeddings", "collection"]
    assert world.ingest(only=chain).success
    with pytest.raises(GateRefused, match="another writer took over"):
        swap_late(world, rival)
    assert_the_rival_stands(world, rival)


def test_who_has_no_lock_changes_nothing(world: WriterWorld):
    live = world.live()
    for change in (
        lambda: world.ledger.aliases.mark(live, "blue", "clean"),
        lambda: world.ledger.aliases.go_live(live, "run", "DONE", None),
        lambda: world.ledger.aliases.withdraw(live, "run", "for no reason"),
        lambda: world.ledger.aliases.retire(world.agent, "for no reason"),
        lambda: world.ledger.aliases.moved(world.agent, None, moved_by="me", reason="none"),
    ):
        with pytest.raises(GateRefused, match="only the holder of the agent's lock"):
            change()
    assert world.live() == live


def mark_with_a_broken_lock(world: WriterWorld) -> None:
    live = world.live()
    with world.ledger.agent_lock(world.agent):
        break_lock(world)
        world.ledger.aliases.mark(live, live.colour or "blue", "writing")


def test_a_broken_lock_without_a_rival_harms_nobody_and_is_told(world: WriterWorld):
    with pytest.raises(psycopg.OperationalError):
        mark_with_a_broken_lock(world)
    known = world.ledger.aliases.colour(world.agent, world.live().colour or "blue")
    assert known
    assert known["state"] == "writing"


def change_outside_with_a_broken_lock(world: WriterWorld, order: list[str]) -> None:
    def take_over() -> None:
        with world.ledger.agent_lock(world.agent):
            order.append("the rival is in")

    rival = threading.Thread(target=take_over)
    with world.ledger.agent_lock(world.agent):
        with world.ledger.fences.guard(world.agent):
            break_lock(world)
            rival.start()
            wait_for(lambda: waits_for_fence(world), "the rival waits")
            order.append("the late one ends")
        rival.join(timeout=30)
        world.ledger.aliases.moved(world.agent, None, moved_by="late", reason="none")


def test_nobody_takes_over_while_something_outside_is_changed(world: WriterWorld):
    order: list[str] = []
    with pytest.raises(GateRefused, match="another writer took over"):
        change_outside_with_a_broken_lock(world, order)
    assert order == ["the late one ends", "the rival is in"]


def waits_for_fence(world: WriterWorld) -> bool:
    with psycopg.connect(world.settings.database_url.get_secret_value()) as connection:
        row = connection.execute(f"select count(*) {LOCKS} and wait_event_type = 'Lock'").fetchone()
    return bool(row and row[0])


def test_numbers_grow_with_every_taking_of_the_lock(world: WriterWorld):
    def token() -> int:
        with world.ledger.agent_lock(world.agent), world.ledger.database.transaction() as now:
            row = now.execute(
                "select token from kb.fences where agent_id = %s", (world.agent,)
            ).fetchone()
        return row["token"] if row else 0

    drawn = [token() for _ in range(5)]
    assert drawn == [drawn[0] + n for n in range(5)]
