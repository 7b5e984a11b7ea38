"""Rollback, by hand and by itself: what was served before is served again, exactly."""

from pathlib import Path
from typing import Any

import pytest

from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.publishing.ways_back import ROLLBACK, WayBack, open_incident, put_back
from kb_contract.errors import BadInput, GateRefused
from kb_contract.generation import Generation
from kb_contract.index_settings import IndexSettings
from tests.doubles.dying_operator import Order, run
from tests.doubles.dying_writer import Place
from tests.doubles.faulty_store import FaultyStore, make_otherwise
from tests.doubles.git_repository import GitRepository
from tests.doubles.sudden_death import Death
from tests.doubles.writer_world import WriterWorld


@pytest.fixture
def qdrant_url(either_qdrant: str) -> str:
    return either_qdrant


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"kept.md": "# Kept\n\nThe same in all.\n"})
    return world


def published(world: WriterWorld, *words: str) -> list[Generation]:
    return [world.publish({"page.md": f"# Page\n\n{one}\n"}) for one in words]


def roll_back(world: WriterWorld, to: int | None = None) -> Any:
    world.forget_counts()
    way = WayBack(world.ledger, world.store, world.embedder)
    return way.roll_back(world.agent, to, reason="wrong words", by="operator")


def assert_served(world: WriterWorld, generation: Generation, words: str) -> None:
    """It is live, exactly, under every name."""
    live = world.live()
    assert live.number == generation.number
    assert world.served_texts() == {"# Kept\n\nThe same in all.", f"# Page\n\n{words}"}
    assert set(world.served()) == set(world.ledger.documents.manifest(live.generation_id))
    now = world.store.aliases()
    assert {now[one] for one in aliases_of("default", world.agent)} == {live.collection}


def test_to_the_previous_generation_only_the_alias_moves(world: WriterWorld):
    old, bad = published(world, "Good.", "Bad.")
    done = roll_back(world)
    assert (done.left, done.live, done.points_written) == (bad.number, old.number, 0)
    assert (world.store.written, world.store.deleted, world.embedder.texts) == ([], [], [])
    assert_served(world, old, "Good.")
    left = world.ledger.ways_back.numbered(world.agent, bad.number)
    assert (left.state, left.reason) == ("retired", "rolled back to 1: wrong words")
    assert world.live().reason == "live again in place of generation 2: wrong words"
    moves = world.ledger.ways_back.moves([world.agent])
    assert [(one["generation"], one["moved_by"]) for one in moves] == [
        (1, "operator"), (2, "writer"), (1, "writer"),
    ]  # fmt: skip
    (incident,) = world.ledger.incidents.listed(world.agent)
    assert (incident["kind"], incident["facts"]["done"]) == ("rollback", True)
    assert f"kb resume {world.agent}" in incident["next_step"]
    assert (world.ledger.incidents.paused(world.agent) or {})[
        "reason"
    ] == "rolled back: wrong words"


def test_to_any_kept_generation_it_is_rebuilt_without_embedding(world: WriterWorld):
    first, *_ = published(world, "One.", "Two.", "Three.")
    done = roll_back(world, to=1)
    assert (done.points_written, world.embedder.texts) == (1, [])
    assert_served(world, first, "One.")


def test_when_the_other_colour_is_not_what_it_should_be_it_is_mended(world: WriterWorld):
    old, _ = published(world, "Good.", "Bad.")
    world.store.client.delete_collection(old.collection or "")
    assert roll_back(world).points_written == 2
    assert_served(world, old, "Good.")


def test_what_is_left_is_not_made_again_first(world: WriterWorld):
    old, bad = published(world, "Good.", "Bad.")
    world.store.client.delete_collection(bad.collection or "")
    with pytest.raises(BadInput, match="no generation 7"):
        roll_back(world, 7)
    assert world.store.written == []
    assert roll_back(world).points_written == 0
    assert world.store.written == []
    assert_served(world, old, "Good.")


def test_what_a_lost_ledger_still_serves_is_not_written_in_place(world: WriterWorld):
    """Qdrant is newer than the ledger: names lead to the colour that is written next."""
    old, bad = published(world, "Good.", "Bad.")
    world.store.client.delete_collection(bad.collection or "")
    world.store.point_aliases(aliases_of("default", world.agent), old.collection or "")
    assert roll_back(world).points_written == 0
    assert set(world.store.written) == set(world.ledger.documents.manifest(bad.generation_id))
    assert_served(world, old, "Good.")


def test_a_colour_that_was_made_otherwise_is_made_anew_before_it_is_served(world: WriterWorld):
    old, _ = published(world, "Good.", "Bad.")
    make_otherwise(world.store, old.collection or "")
    assert roll_back(world).points_written == 2
    assert_served(world, old, "Good.")
    there = world.store.describe(old.collection or "")
    assert there
    assert there.index == IndexSettings()


def test_what_is_served_is_never_made_anew_in_place(world: WriterWorld):
    live = published(world, "Good.", "Better.")[-1]
    make_otherwise(world.store, live.collection or "")
    sync = CollectionSync(world.ledger, world.store)
    assert live.colour
    with (
        world.ledger.agent_lock(world.agent),
        pytest.raises(GateRefused, match=r"is served as .* cannot be made anew in place .*--force"),
    ):
        sync.bring(live, live.colour, look="always")
    assert_served(world, live, "Better.")


def test_what_cannot_be_mended_after_the_swap_ends_the_way_back_and_is_served(world: WriterWorld):
    old, _ = published(world, "Good.", "Bad.")
    world.store = FaultyStore(world.settings.qdrant_url, faults=[make_otherwise])
    with pytest.raises(GateRefused, match=r"generation 1 is live, and cannot be made what it was"):
        roll_back(world)
    assert_served(world, old, "Good.")
    (incident,) = world.ledger.incidents.listed(world.agent)
    assert (incident["kind"], incident["facts"]["done"]) == ("rollback", True)
    assert world.ledger.incidents.paused(world.agent)


def test_rolled_back_again_it_skips_what_was_bad(world: WriterWorld):
    published(world, "One.", "Two.", "Three.")
    assert roll_back(world).live == 2
    world.ledger.incidents.resume(world.agent, "operator")
    four = world.publish({"page.md": "# Page\n\nFour.\n"})
    assert roll_back(world).live == 2
    world.ledger.incidents.resume(world.agent, "operator")
    assert four.number == 4
    assert roll_back(world).live == 1


def test_what_a_rollback_went_past_is_not_gone_back_to_later(world: WriterWorld):
    published(world, "One.", "Bad.", "Worse.")
    roll_back(world, to=1)
    world.ledger.incidents.resume(world.agent, "operator")
    four = world.publish({"page.md": "# Page\n\nFour.\n"})
    with world.ledger.agent_lock(world.agent):
        now = put_back(world.ledger, world.store, four, reason="canary", by="gate", dagster_run="r")
    assert now is not None
    assert now.number == 1
    assert "# Page\n\nOne." in world.served_texts()


def test_what_git_says_comes_back_after_resume_only(world: WriterWorld):
    old, _ = published(world, "Good.", "Bad.")
    roll_back(world)
    assert world.waits(force=True)
    assert_served(world, old, "Good.")
    world.ledger.incidents.resume(world.agent, "operator")
    assert world.ingest().success
    assert world.live().number > 2
    assert "# Page\n\nBad." in world.served_texts()


def test_a_run_that_was_on_its_way_does_not_undo_it(world: WriterWorld):
    old, _ = published(world, "Good.", "Bad.")
    world.commit({"page.md": "# Page\n\nWorse.\n"})

    def meanwhile() -> None:
        world.embedder.before_embedding = None
        roll_back(world)

    world.embedder.before_embedding = meanwhile
    assert not world.ingest().success
    assert_served(world, old, "Good.")


def test_what_cannot_be_gone_back_to_is_said(world: WriterWorld):
    published(world, "One.")
    with pytest.raises(BadInput, match="no generation before"):
        roll_back(world)
    with pytest.raises(BadInput, match="there is no generation 7"):
        roll_back(world, to=7)
    with pytest.raises(BadInput, match="is live already"):
        roll_back(world, to=1)
    assert world.ledger.incidents.paused(world.agent) is None


def test_vectors_of_another_model_are_refused_with_the_cure(world: WriterWorld):
    published(world, "Good.", "Bad.")
    with world.ledger.database.transaction() as connection:
        connection.execute("""update kb.generations set space = space || '{"model": "other"}'
                              where number = 1""")
    with pytest.raises(GateRefused, match=r"embedded with other .* EMBEDDING_MODEL"):
        roll_back(world)


def test_a_live_check_that_fails_puts_the_one_before_back(world: WriterWorld):
    old, bad = published(world, "Good.", "Bad.")
    with world.ledger.agent_lock(world.agent):
        now = put_back(world.ledger, world.store, bad, reason="canary", by="gate", dagster_run="r1")
    assert now is not None
    assert_served(world, old, "Good.")
    assert world.ledger.generations.by_id(bad.generation_id).state == "failed"
    (run_of_bad,) = world.ledger.generations.pipeline_runs(world.agent, limit=1)
    assert (run_of_bad["status"], run_of_bad["error_summary"]) == ("FAILED", "canary")
    (incident,) = world.ledger.incidents.listed(world.agent)
    assert (incident["kind"], incident["facts"]["done"]) == ("automatic_rollback", True)
    assert world.ledger.incidents.paused(world.agent)


def test_a_first_generation_that_fails_its_live_check_stays_and_is_told_of(world: WriterWorld):
    (first,) = published(world, "Only.")
    with world.ledger.agent_lock(world.agent):
        assert put_back(
            world.ledger, world.store, first, reason="canary", by="gate", dagster_run=None
        ) is None  # fmt: skip
    assert world.live().number == 1
    assert [one["kind"] for one in world.ledger.incidents.listed()] == ["live_check_failed"]
    assert world.ledger.incidents.paused(world.agent)


def test_what_was_withdrawn_on_purpose_comes_back_only_by_number(world: WriterWorld):
    published(world, "On purpose taken away.")
    draft = "---\nstatus: draft\n---\n# Page\n\nOn purpose taken away.\n"
    for name in sorted(world.ledger.documents.placed(world.live().generation_id)):
        world.repository.write({name: draft})
    world.repository.commit()
    assert world.ingest().success
    assert world.ledger.generations.live(world.agent) is None
    new = world.publish({"new.md": "# New\n\nNew words.\n"})
    with world.ledger.agent_lock(world.agent):
        assert put_back(
            world.ledger, world.store, new, reason="canary", by="gate", dagster_run=None
        ) is None  # fmt: skip
    assert world.served_texts() == {"# New\n\nNew words."}
    [incident] = world.ledger.incidents.listed(world.agent)
    assert f"kb rollback {world.agent} --to 1" in incident["next_step"]
    with pytest.raises(BadInput, match=r"taken away on purpose since .* --to 1"):
        roll_back(world)
    assert roll_back(world, 1).live == 1


def test_a_rollback_that_was_left_is_not_gone_on_with_when_others_went_live(world: WriterWorld):
    one, _, three = published(world, "One.", "Two.", "Three.")
    open_incident(world.ledger, ROLLBACK, three, one, reason="left half way", by="operator")
    published(world, "Four.", "Five.")
    assert roll_back(world).live == 4


def test_what_runs_alone_after_a_rollback_is_about_what_is_live(world: WriterWorld):
    published(world, "One.", "Two.")
    roll_back(world)
    world.ledger.incidents.resume(world.agent, "operator")
    found = world.ledger.generations.of_run(world.agent, "a run of checks alone")
    assert found
    assert (found.number, found.state) == (1, "live")
    assert world.ingest(only=["live_alias"]).success
    assert world.live().number == 1


DEATHS = {
    "told": [Death("open incident", "after"), Death("pause", "after")],
    "built": [
        Death("mark colour", "after"),
        Death("write points", "after"),
        Death("delete points", "after"),
    ],
    "looked at": [
        Death("stamp", "after"),
        Death("mark colour", "after", nth=2),
        Death("move alias", "before"),
    ],
    "moved": [Death("move alias", "after"), Death("go back", "after"), Death("end", "before")],
}


# A command dies alike over both, and that takes long.
@pytest.mark.parametrize("either_qdrant", ["owner"], indirect=True)
@pytest.mark.parametrize("group", DEATHS)
def test_killed_anywhere_the_same_command_finishes_it(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str, group: str
):
    """Each goes to what the other colour does not hold, so that points are written."""
    repository = GitRepository(tmp_path / "repo")
    world = WriterWorld(repository, database_url, qdrant_url, agent_id)
    place = Place(repository.root, database_url, qdrant_url, agent_id)
    world.write({"kept.md": "# Kept\n\nThe same in all.\n"})
    both = published(world, "Good 0.", "Good 1.")
    for number, death in enumerate(DEATHS[group]):
        good, (bad,) = both[number % 2], published(world, f"Bad {number}.")
        assert run(place, Order(to=good.number), death) == -9, death
        aliases = world.store.aliases()
        assert aliases[aliases_of("default", agent_id)[0]] in _whole(world, good, bad), death
        assert run(place, Order()) == 0, death
        assert_served(world, good, f"Good {number % 2}.")
        told = world.ledger.incidents.listed(agent_id)
        assert [one["facts"]["done"] for one in told] == [True] * (number + 1), death
        world.ledger.incidents.resume(agent_id, "operator")
    world.close()


def _whole(world: WriterWorld, *generations: Generation) -> set[str]:
    """Collections that hold one of these exactly."""
    found: set[str] = set()
    for colour in world.ledger.aliases.colours(world.agent):
        there = {one.chunk_id for one in world.store.points(colour["collection"], payloads=False)}
        for one in generations:
            if there == set(world.ledger.documents.manifest(one.generation_id)):
                found.add(colour["collection"])
    return found
