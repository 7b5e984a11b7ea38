"""Deleted words in other chunks, files and folders than the one that a person named."""

import pytest

from dagster_kb.upkeep.hot_deletion import Deleted, HotDeletion
from tests.doubles.departing_agents import leaving, texts
from tests.doubles.writer_world import WriterWorld, why

KEYS = "# Keys\n\nWords of keys.\n"
SECRET = "Jane Roe lives in 5 Elm Street near the harbour."
PEOPLE = f"# People\n\nThe office opens at nine each day. {SECRET} Ring the bell twice.\n"
BELLS = "# Bells\n\nRing the bell twice.\n"


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": KEYS, "people.md": PEOPLE})
    return world


def point_of(world: WriterWorld, words: str) -> str:
    return next(one for one, said in world.served().items() if words in said["text_chunk"])


def delete(world: WriterWorld, point: str) -> Deleted:
    done = HotDeletion(world.ledger, world.store).delete(point, reason="private", by="operator")
    world.ledger.incidents.resume(world.agent, "operator")
    return done


def kept(world: WriterWorld) -> str:
    with world.ledger.database.transaction() as connection:
        found = connection.execute("select string_agg(text, ' ') as said from kb.chunks").fetchone()
    return found["said"] if found else ""


def test_a_chunk_that_is_kept_out_for_a_part_is_deleted_by_its_own_id(world: WriterWorld):
    world.publish()
    old = point_of(world, SECRET)
    world.publish({"people.md": PEOPLE.replace("nine", "ten")})
    delete(world, point_of(world, SECRET))
    assert "opens at nine" in kept(world)
    done = delete(world, old)
    assert (done.purged, done.path) == (1, world.path("people.md"))
    assert "opens at nine" not in kept(world)
    facts = {one["incident_id"]: one["facts"] for one in world.ledger.incidents.listed(world.agent)}
    assert facts[done.incident]["purged"] == 1
    again = delete(world, old)
    assert (again.purged, again.incident) == (0, done.incident)


def test_what_comes_with_a_moved_file_is_looked_for_in_all_that_is_new(world: WriterWorld):
    world.publish()
    other = f"{world.agent}_other"
    world.write({"x.md": "# X\n\nWords of x.\n"}, agent=other)
    world.repository.commit()
    assert world.ingest(other).success
    delete(world, point_of(world, SECRET))
    world.repository.rename(world.path("people.md"), f"knowledge/{other}/people.md")
    world.write({"copy.md": PEOPLE.replace("# People", "# Copy\n\nBefore it.")}, agent=other)
    world.repository.commit()
    assert world.ingest().success
    result = world.ingest(other)
    assert result.success, why(result)
    assert texts(world, other) == {"# X\n\nWords of x."}


@pytest.mark.parametrize("file", ["gone", "renamed"])
def test_a_folder_that_is_renamed_has_the_files_that_it_had(world: WriterWorld, file: str):
    world.publish({"bells.md": BELLS})
    delete(world, point_of(world, SECRET))
    new = f"{world.agent}_new"
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    world.repository.remove(f"knowledge/{new}/people.md")
    if file == "renamed":
        world.write({"staff.md": PEOPLE.replace("nine", "ten")}, agent=new)
    world.repository.commit()
    leaving(world)
    result = world.ingest(new)
    assert result.success, why(result)
    assert texts(world, new) == {KEYS.strip(), BELLS.strip()}
    assert len(world.ledger.tombstones.open(new)) == (file == "renamed")
