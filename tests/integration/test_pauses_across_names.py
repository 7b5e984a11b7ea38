"""Pauses of folders that get another name, and lose it again."""

import pytest

from dagster_kb.publishing.ways_back import WayBack
from tests.doubles.departing_agents import leaving, rename, texts
from tests.doubles.writer_world import WriterWorld


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"})
    return world


def paused(world: WriterWorld) -> set[str]:
    return {one for one in world.ledger.incidents.all_paused() if one.startswith(world.agent)}


def test_the_name_that_an_incident_tells_resumes_what_the_folder_is_called_now(
    world: WriterWorld,
):
    world.publish()
    world.publish({"keys.md": "# Keys\n\nBad.\n"})
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, None, reason="bad", by="operator"
    )
    new = rename(world)
    leaving(world)
    assert paused(world) == {world.agent, new}
    world.ledger.incidents.resume(world.agent, "ann")
    assert paused(world) == set()
    assert world.ingest(new).success


def test_a_renaming_that_is_taken_back_leaves_no_pause_of_a_folder_that_is_not_there(
    world: WriterWorld,
):
    world.publish()
    world.ledger.incidents.pause(world.agent, "looked at", "ann")
    new = rename(world)
    leaving(world)
    assert paused(world) == {world.agent, new}
    world.repository.revert_head()
    leaving(world)
    assert paused(world) == {world.agent}


def test_a_folder_that_was_never_built_waits_under_its_new_name_too(world: WriterWorld):
    world.publish()
    first, new = f"{world.agent}_first", f"{world.agent}_next"
    world.write({"x.md": "# X\n\nNot to be served yet.\n"}, agent=first)
    world.repository.commit()
    world.ledger.incidents.pause(first, "not reviewed", "ann")
    world.repository.rename(f"knowledge/{first}", f"knowledge/{new}")
    world.repository.commit()
    leaving(world)
    assert world.waits(new)
    assert texts(world, new) is None
    world.ledger.incidents.resume(new, "ann")
    assert world.ingest(new).success
    assert paused(world) == set()


def test_a_renaming_is_seen_though_every_file_was_edited_since(world: WriterWorld):
    world.publish()
    world.ledger.incidents.pause(world.agent, "held", "ann")
    new = rename(world)
    for name in ("keys.md", "more.md"):
        world.write({name: f"# Other\n\nOther things of {name}.\n"}, agent=new)
        world.repository.commit()
    assert leaving(world).waiting == {world.agent: new}
    assert world.waits(new)
    assert texts(world, new) is None
