"""The settings name another folder or repository: what is served does not end by that."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_kb.definitions import build_definitions, folder_of
from dagster_kb.triggers.knowledge_tick import REFRESH
from dagster_kb.upkeep.retirement import RETIRE
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    """Three agents that are served from a repository elsewhere, and one that never was."""
    repository = GitRepository(tmp_path / "repo")
    world = WriterWorld(
        repository, database_url, qdrant_url, agent_id, kb_home=tmp_path / "home",
        knowledge_repository=f"file://{repository.root}", knowledge_branch="main",
    )  # fmt: skip
    for one in agents(world):
        world.write({"page.md": f"# {one}\n\nWords of {one}.\n"}, agent=one)
    world.repository.commit()
    for one in agents(world):
        assert world.ingest(one).success
    world.instance.add_dynamic_partitions("agents", [f"{agent_id}_new"])
    yield world
    world.close()


def agents(world: WriterWorld) -> list[str]:
    return [f"{world.agent}_{letter}" for letter in "abc"]


def tick(world: WriterWorld, **changed: Any) -> dict[str, list[str]]:
    """What the sensor asks for, by job."""
    settings = world.settings.model_copy(update=changed)
    definitions = build_definitions(
        settings, embedder=world.embedder, store=world.store, ledger=world.ledger
    )
    context = dg.build_sensor_context(
        instance=world.instance, resources={"folder": folder_of(settings), "ledger": world.ledger}
    )
    told = definitions.get_sensor_def("knowledge_changes")(context)
    assert isinstance(told, dg.SensorResult)
    asked: dict[str, list[str]] = {REFRESH: [], RETIRE: []}
    for one in told.run_requests or []:
        asked[one.job_name or REFRESH].append(one.tags["kb/agent"])
    return asked


def copy_of_two(world: WriterWorld, target: GitRepository, folder: str) -> None:
    for one in agents(world)[:2]:
        target.write({f"{folder}/{one}/page.md": f"# {one}\n\nWords of {one}, copied.\n"})
    target.commit()


@pytest.mark.parametrize("place", ["docs", ""])
def test_another_folder_of_the_repository_ends_no_agent_that_it_lacks(
    world: WriterWorld, place: str
):
    copy_of_two(world, world.repository, place or ".")
    asked = tick(world, knowledge_path=place)
    assert asked[RETIRE] == []
    assert asked[REFRESH][:2] == agents(world)[:2]
    (incident,) = world.ledger.incidents.listed()
    assert incident["facts"]["agents"] == agents(world)[2:]
    assert "--retire" in incident["next_step"]


def test_another_repository_ends_no_agent_even_when_the_others_were_built_from_it(
    world: WriterWorld, tmp_path: Path
):
    other = GitRepository(tmp_path / "other")
    copy_of_two(world, other, "knowledge")
    moved = {"knowledge_repository": f"file://{other.root}"}
    assert tick(world, **moved) == {REFRESH: agents(world)[:2], RETIRE: []}
    world.definitions = build_definitions(
        world.settings.model_copy(update=moved), embedder=world.embedder, store=world.store,
        ledger=world.ledger,
    )  # fmt: skip
    for one in agents(world)[:2]:
        assert world.ingest(one).success
    assert tick(world, **moved)[RETIRE] == []
    assert {one.agent_id for one in world.ledger.generations.all_live()} == set(agents(world))


def test_a_repository_that_moved_with_its_history_ends_what_is_gone_from_it(
    world: WriterWorld, tmp_path: Path
):
    copy = tmp_path / "copy"
    world.repository._git("clone", "--quiet", str(world.repository.root), str(copy))
    moved = GitRepository(copy)
    moved._git("rm", "-r", "--quiet", f"knowledge/{agents(world)[2]}")
    moved.commit()
    asked = tick(world, knowledge_repository=f"file://{moved.root}")
    assert agents(world)[2] in asked[RETIRE]
    assert world.ledger.incidents.listed() == []
