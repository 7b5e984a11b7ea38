"""Deletions by hand in folders that are renamed meanwhile, or that had deletions before."""

import threading
from pathlib import Path

import pytest

from dagster_kb.publishing.renames import Renames
from dagster_kb.publishing.ways_back import before_its_name
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import open_ledger
from dagster_kb.upkeep.hot_deletion import Deleted, HotDeletion
from tests.conftest import wait_for
from tests.doubles.departing_agents import leaving, rename, served_under_another_name, texts
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld

SECRET = "# Secret\n\nJane Roe lives in 5 Elm Street."
OTHER = "# Other\n\nBob Roe has the number 12345."


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"})
    return world


def point_of(world: WriterWorld, text: str) -> str:
    return next(one for one, said in world.served().items() if said["text_chunk"] == text)


def waits_for_a_lock(world: WriterWorld) -> bool:
    with world.ledger.database.transaction() as connection:
        waiting = connection.execute(
            "select from pg_locks l join pg_database d on d.oid = l.database "
            "where l.locktype = 'advisory' and not l.granted and d.datname = current_database()"
        ).fetchone()
    return waiting is not None


def test_a_deletion_that_waits_while_the_folder_is_renamed_goes_with_it(
    world: WriterWorld, database_url: str
):
    world.publish({"secret.md": SECRET})
    point, done = point_of(world, SECRET), list[Deleted]()
    other = open_ledger(database_url, "default")

    def delete() -> None:
        deletion = HotDeletion(other, world.store)
        done.append(deletion.delete(point, reason="r", by="operator"))

    deleting = threading.Thread(target=delete)
    with world.ledger.agent_lock(world.agent):
        deleting.start()
        wait_for(lambda: waits_for_a_lock(world), "the deletion to wait for the lock")
        new = rename(world)
        leaving(world)
        assert world.ingest(new).success
    deleting.join(60)
    other.database.close()
    assert SECRET not in (texts(world, new) or ())
    assert set(done[0].names) == {world.agent, new}
    assert world.ledger.incidents.paused(new)
    assert [one["agent_id"] for one in world.ledger.incidents.listed(new)] == [new]


def test_a_second_deletion_leaves_settled_ones_settled(world: WriterWorld):
    world.publish({"secret.md": SECRET, "other.md": OTHER})
    first, second = point_of(world, SECRET), point_of(world, OTHER)
    HotDeletion(world.ledger, world.store).delete(first, reason="r", by="operator")
    world.ledger.incidents.resume(world.agent, "operator")
    new = f"{world.agent}_new"
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    world.repository.remove(f"knowledge/{new}/secret.md")
    world.repository.commit()
    leaving(world)
    assert world.ingest(new).success
    assert world.ledger.tombstones.open(new) == []
    HotDeletion(world.ledger, world.store).delete(second, reason="r", by="operator")
    assert [one["path"] for one in world.ledger.tombstones.open(new)] == [world.path("other.md")]
    assert OTHER not in (texts(world, new) or ())


def test_one_that_came_beside_it_before_the_branch_is_not_its_new_name(world: WriterWorld):
    world.publish()
    fork, new = f"{world.agent}_fork", f"{world.agent}_new"
    git = world.repository.shell
    git("git checkout -q -b feature")
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    world.repository.write({f"knowledge/{new}/third.md": "# Third\n\nOther words.\n"})
    world.repository.commit()
    git("git checkout -q main")
    world.write(
        {"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"}, agent=fork
    )
    world.repository.commit()
    assert world.ingest(fork).success
    git("git merge -q --no-edit feature")
    assert leaving(world).waiting == {world.agent: new}
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    found = Renames(world.ledger, folder).find([world.agent], folder.head())
    assert found == {world.agent: new}


def test_a_way_back_is_told_where_a_folder_above_is_called_the_same(
    tmp_path: Path, database_url: str, qdrant_url: str
):
    world = WriterWorld(GitRepository(tmp_path), database_url, qdrant_url, "knowledge")
    try:
        world.publish({"keys.md": "# Keys\n\nWords of keys.\n"})
        new = served_under_another_name(world)
        told = before_its_name(world.ledger, new)
        assert ":knowledge/knowledge && git commit" in told
        assert f"--prefix=knowledge/{new}/ " in told
        assert "`git push`" in told
    finally:
        world.close()
