"""Folders that go, come back, or get another name."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dagster_kb.publishing.alias_moves import hand_on_names
from dagster_kb.publishing.renames import Renames, alike
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.upkeep.departure_incidents import EVERY_AGENT
from dagster_kb.upkeep.retirement import Departures, Leaving, too_many
from tests.doubles.departing_agents import (
    aliases_point_to,
    collection_of,
    is_aliased,
    leaving,
    let_grace_pass,
    rename,
    retire,
    served_under_another_name,
    there,
)
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld, failures


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"})
    return world


def test_serving_stops_at_once_and_the_rest_goes_after_the_grace(world: WriterWorld):
    world.publish()
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.write({"knowledge/x/x.md": "# X\n"})
    world.repository.commit()
    assert leaving(world).now == (world.agent,)
    retire(world)
    assert world.ledger.generations.live(world.agent) is None
    assert not is_aliased(world, world.agent)
    assert there(world) == 1
    assert leaving(world).now == ()
    retire(world)
    assert there(world) == 1
    let_grace_pass(world)
    assert leaving(world).now == (world.agent,)
    retire(world)
    assert there(world) == 0
    assert world.instance.get_dynamic_partitions("agents") == []
    assert leaving(world).now == ()


def test_a_paused_agent_goes_on_being_served_by_a_retirement_that_was_queued(world: WriterWorld):
    world.publish()
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.write({"knowledge/x/x.md": "# X\n"})
    world.repository.commit()
    world.ledger.incidents.pause(world.agent, "being looked at", "a person")
    retire(world)
    assert world.live().number == 1
    assert is_aliased(world, world.agent)
    assert world.instance.get_dynamic_partitions("agents") == [world.agent]
    world.ledger.incidents.resume(world.agent, "a person")
    retire(world)
    assert not is_aliased(world, world.agent)


def test_a_folder_that_comes_back_within_the_grace_writes_nothing_again(world: WriterWorld):
    world.publish()
    world.repository.rename(f"knowledge/{world.agent}", "elsewhere")
    world.repository.write({"knowledge/x/x.md": "# X\n"})
    world.repository.commit()
    retire(world)
    world.repository.rename("elsewhere", f"knowledge/{world.agent}")
    world.repository.commit()
    assert world.ingest().success
    assert (world.store.written, world.embedder.texts) == ([], [])
    assert is_aliased(world, world.agent)
    let_grace_pass(world)
    assert leaving(world).now == ()


@pytest.mark.parametrize("renamed", [False, True])
def test_a_death_between_the_ledger_and_the_aliases_is_mended_by_the_next_run(
    world: WriterWorld, *, renamed: bool
):
    world.publish()
    new = rename(world) if renamed else None
    if new:
        leaving(world)
        assert world.ingest(new).success
    else:
        world.repository.remove(f"knowledge/{world.agent}")
        world.repository.write({"knowledge/x/x.md": "# X\n"})
        world.repository.commit()
    with world.ledger.agent_lock(world.agent):
        world.ledger.names.end(world.agent, "killed after this")
    assert is_aliased(world, world.agent)
    retire(world)
    assert aliases_point_to(world, world.agent) == {collection_of(world, new) if new else None}


def test_a_name_that_is_live_again_is_not_handed_on(world: WriterWorld):
    world.publish()
    new = served_under_another_name(world)
    world.write({"other.md": "# Other\n\nAnother team's words.\n"})
    world.repository.commit()
    leaving(world)
    assert world.ingest().success
    # By the retirement that ended it, and waited for the lock of the new name until now.
    hand_on_names(world.ledger, world.store, world.agent)
    assert aliases_point_to(world, world.agent) == {collection_of(world, world.agent)}
    assert aliases_point_to(world, new) == {collection_of(world, new)}


def test_the_aliases_of_a_folder_that_was_renamed_twice_follow_what_it_is_called_now(
    world: WriterWorld,
):
    world.publish()
    second = rename(world)
    leaving(world)
    assert world.ingest(second).success
    # The run that ends the first name waits, and the folder gets a third one meanwhile.
    third = f"{world.agent}_third"
    world.repository.rename(f"knowledge/{second}", f"knowledge/{third}")
    world.repository.commit()
    waits = leaving(world)
    assert (waits.now, waits.waiting) == ((), {world.agent: third, second: third})
    assert world.ingest(third).success
    assert leaving(world).now == (world.agent, second)
    retire(world, second)
    retire(world)
    reasons = [one.reason for one in world.ledger.names.at_rest(24)]
    assert [one.split(" since ")[0] for one in reasons] == [f"its folder is called {third}"] * 2
    names = (world.agent, second, third)
    assert aliases_point_to(world, *names) == {collection_of(world, third)}


@pytest.mark.parametrize("wrong", ["another repository", "another folder"])
def test_a_lone_agent_does_not_end_by_a_wrong_setting(
    world: WriterWorld, tmp_path: Path, wrong: str
):
    world.publish()
    other = GitRepository(tmp_path / "other") if wrong == "another repository" else world.repository
    name = "knowledge" if wrong == "another repository" else "docs"
    other.write({f"{name}/x/x.md": "# X\n"})
    other.commit()
    folder = KnowledgeFolder(other.root / name)
    departures = Departures(world.ledger, folder, 24)
    present = set(world.instance.get_dynamic_partitions("agents"))
    held = departures.leaving(folder.head(), present)
    assert (held.now, held.held_back) == ((), (world.agent,))
    assert "another folder or repository" in held.reasons[0]
    (incident,) = world.ledger.incidents.listed()
    assert "--retire" in incident["next_step"]
    assert departures.leaving(folder.head(), present, many=True).now == (world.agent,)


def test_a_wrong_folder_ends_nothing_and_is_told_of(world: WriterWorld, tmp_path: Path):
    others = [f"{world.agent}_{one}" for one in ("a", "b")]
    for one in others:
        world.write({"x.md": f"# {one}\n\nWords of {one}.\n"}, agent=one)
    world.repository.commit()
    for one in (world.agent, *others):
        assert world.ingest(one).success
    for one in others:
        world.repository.remove(f"knowledge/{one}")
    world.repository.commit()
    held = leaving(world)
    assert (held.now, held.held_back) == ((), tuple(others))
    assert "more than half" in held.reasons[0]
    leaving(world)
    (incident,) = world.ledger.incidents.listed()
    assert (incident["agent_id"], incident["kind"]) == (EVERY_AGENT, "many_folders_gone")
    assert "--retire" in incident["next_step"]
    assert leaving(world, many=True).now == tuple(others)


def test_many_that_are_renamed_at_once_are_not_gone(world: WriterWorld):
    names = [world.agent, *(f"{world.agent}_{one}" for one in "ab")]
    for one in names:
        world.write({"x.md": f"# {one}\n\nWords of {one}.\n"}, agent=one)
    world.repository.commit()
    for one in names:
        assert world.ingest(one).success
    for one in names[:2]:
        world.repository.rename(f"knowledge/{one}", f"knowledge/{one}_new")
    world.repository.commit()
    found = leaving(world)
    assert (found.now, found.held_back) == ((), ())
    assert found.waiting == {one: f"{one}_new" for one in names[:2]}
    assert world.ledger.incidents.listed() == []


def shallow(world: WriterWorld, place: Path) -> Leaving:
    """What a clone without history makes of it."""
    world.repository._git("clone", "-q", "--depth=1", f"file://{world.repository.root}", str(place))
    folder = KnowledgeFolder(place / "knowledge")
    return Departures(world.ledger, folder, 24).leaving(folder.head(), set())


def test_a_shallow_clone_ends_and_renames_as_a_whole_one_does(world: WriterWorld, tmp_path: Path):
    names = [f"{world.agent}_{one}" for one in "abcde"]
    for one in names:
        world.write({"x.md": f"# {one}\n\nWords of {one}.\n"}, agent=one)
    world.repository.commit()
    for one in names:
        assert world.ingest(one).success
    gone, old = names[:2]
    world.repository.remove(f"knowledge/{gone}")
    world.repository.rename(f"knowledge/{old}", f"knowledge/{old}_new")
    world.repository.commit()
    found = shallow(world, tmp_path / "clone")
    assert (found.now, found.waiting, found.held_back) == ((gone,), {old: f"{old}_new"}, ())


def test_a_shallow_clone_that_knows_nothing_of_what_is_served_says_how_to_know(
    world: WriterWorld, tmp_path: Path
):
    world.commit({"x.md": "# X\n\nWords.\n"})
    assert world.ingest().success
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.write({"knowledge/other/y.md": "# Y\n"})
    world.repository.commit()
    assert shallow(world, tmp_path / "clone").held_back == (world.agent,)
    (incident,) = world.ledger.incidents.listed()
    assert "git fetch --unshallow" in incident["next_step"]


@dataclass(frozen=True)
class CountingFolder(KnowledgeFolder):
    """The real folder; it remembers how often its whole working tree was listed."""

    listed: list[str] = field(default_factory=list)

    def lying(self) -> list[str]:
        self.listed.append(self.path.name)
        return super().lying()


@pytest.mark.parametrize(("gone", "listed"), [(0, 0), (3, 1)])
def test_the_working_tree_is_listed_once_for_all_that_are_gone(
    world: WriterWorld, gone: int, listed: int
):
    world.commit()
    folder = CountingFolder(world.settings.knowledge_dir)
    present = {world.agent, *(f"{world.agent}_{number}" for number in range(gone))}
    found = Departures(world.ledger, folder, 24).leaving(folder.head(), present)
    assert set(found.now) == present - {world.agent}
    assert len(folder.listed) == listed


def test_how_many_are_too_many():
    assert not too_many(["a"], {"a"})
    assert not too_many(["a", "b"], {"a", "b", "c", "d"})
    assert too_many(["a", "b"], {"a", "b", "c"})


def test_the_same_files_in_another_repository_are_no_renaming(world: WriterWorld, tmp_path: Path):
    live = world.publish()
    other = GitRepository(tmp_path / "other")
    other.write({f"knowledge/other/{name}.md": world.repository.show("HEAD", world.path(f"{name}.md"))
                 for name in ("keys", "more")})  # fmt: skip
    other.commit()
    folder = KnowledgeFolder(other.root / "knowledge")
    assert Renames(world.ledger, folder).find([live.agent_id], folder.head()) == {}


def test_how_alike_two_folders_are():
    assert alike(["a", "b"], ["a", "b"]) == 1.0
    assert alike(["a", "b"], ["b", "c"]) == 1 / 3
    assert alike([], []) == 0.0


def test_a_file_in_the_place_of_a_folder_ends_the_agent_and_is_said(world: WriterWorld):
    world.publish()
    place = f"knowledge/{world.agent}"
    world.repository.remove(place)
    world.repository.write({place: "Words.\n", "knowledge/x/x.md": "# X\n"})
    world.repository.commit()
    assert leaving(world).now == (world.agent,)
    [said] = failures(world.ingest()).values()
    assert f"a file is in the place of the folder of agent '{world.agent}'" in said
    retire(world)
    assert not is_aliased(world, world.agent)
    [ended] = world.ledger.names.at_rest(24)
    assert ended.reason.startswith("a file is in the place of its folder at ")
    let_grace_pass(world)
    retire(world)
    assert there(world) == 0

    world.repository.remove(place)
    assert world.publish({"keys.md": "# Keys\n\nWords of keys.\n"})
