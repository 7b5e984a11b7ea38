"""Agents that were never served: their folder goes, or is not committed yet."""

import shutil

import pytest

from tests.doubles.departing_agents import leaving, let_grace_pass, retire, texts
from tests.doubles.writer_world import WriterWorld, why

WORDS = {"x.md": "# X\n\nFirst words of it.\n"}


@pytest.fixture
def new(world: WriterWorld) -> str:
    """Beside an agent that is served there is this one, which nobody built or committed yet."""
    world.publish({"keys.md": "# Keys\n\nWords of keys.\n"})
    new = f"{world.agent}_new"
    world.write(WORDS, agent=new)
    return new


def has_partition(world: WriterWorld, agent: str) -> bool:
    return world.instance.has_dynamic_partition("agents", agent)


def test_what_was_half_built_ends_with_its_folder_and_goes_after_the_grace(
    world: WriterWorld, new: str
):
    world.repository.commit()
    assert world.ingest(new, only=["parsed_documents", "chunks"]).success
    world.repository.remove(f"knowledge/{new}")
    world.repository.commit()
    assert leaving(world).now == (new,)
    retire(world, new)
    assert world.ledger.generations.unfinished(new) == []
    assert leaving(world).now == ()
    let_grace_pass(world)
    assert leaving(world).now == (new,)
    retire(world, new)
    assert leaving(world).now == ()
    assert not has_partition(world, new)


def test_a_first_ingest_of_a_folder_that_is_not_committed_keeps_its_partition(
    world: WriterWorld, new: str
):
    world.instance.add_dynamic_partitions("agents", [new])
    assert leaving(world).now == ()
    retire(world, new)  # one that was asked for before there was a folder
    assert has_partition(world, new)

    def taken_away() -> None:
        world.embedder.before_embedding = None
        shutil.rmtree(world.repository.root / "knowledge" / new)
        retire(world, new)
        assert has_partition(world, new)

    world.embedder.before_embedding = taken_away
    result = world.ingest(new, uncommitted=True)
    assert result.success, why(result)
    assert texts(world, new) == {"# X\n\nFirst words of it."}
    world.instance.delete_dynamic_partition("agents", new)
    assert leaving(world).now == (new,)
