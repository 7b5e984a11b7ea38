"""Folders that go, come back, or get another name."""

from pathlib import Path

import dagster as dg
import pytest

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.alias_moves import aliases_of, reconcile
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.upkeep.hot_deletion import HotDeletion
from dagster_kb.upkeep.renames import alike
from dagster_kb.upkeep.retirement import (
    EVERY_AGENT,
    RETIRE,
    Departures,
    Leaving,
    Retirement,
    too_many,
)
from kb_contract.identifiers import COLOURS, collection_name
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import QUIET, WriterWorld


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"})
    return world


def leaving(world: WriterWorld, *, grace_hours: int = 24, many: bool = False) -> Leaving:
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    present = set(world.instance.get_dynamic_partitions("agents"))
    return Departures(world.ledger, folder, grace_hours).leaving(folder.head(), present, many=many)


def retire(world: WriterWorld, agent: str | None = None, *, grace_hours: int = 24) -> None:
    settings = world.settings.model_copy(update={"retire_grace_hours": grace_hours})
    definitions = build_definitions(
        settings, embedder=world.embedder, store=world.store, ledger=world.ledger
    )
    config = {"retire_folder": Retirement(agent=agent or world.agent)}
    assert (
        definitions.resolve_job_def(RETIRE)
        .execute_in_process(instance=world.instance, run_config=dg.RunConfig(config, loggers=QUIET))
        .success
    )


def there(world: WriterWorld, agent: str | None = None) -> int:
    names = [collection_name("default", agent or world.agent, one) for one in COLOURS]
    return len([one for one in names if world.store.dimension(one) is not None])


def is_aliased(world: WriterWorld, agent: str) -> bool:
    return bool(set(aliases_of("default", agent)) & world.store.aliases().keys())


def let_grace_pass(world: WriterWorld) -> None:
    with world.ledger.database.transaction() as connection:
        connection.execute("update kb.retirements set ended_at = ended_at - interval '2 days'")


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


def test_how_many_are_too_many():
    assert not too_many(["a"], {"a"})
    assert not too_many(["a", "b"], {"a", "b", "c", "d"})
    assert too_many(["a", "b"], {"a", "b", "c"})


def rename(world: WriterWorld, *, edited: bool = False) -> str:
    """Give the folder another name; what is served is built anew under it, the old one ended."""
    new = f"{world.agent}_new"
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    if edited:
        world.write({"third.md": "# Third\n\nOther words.\n"}, agent=new)
    world.repository.commit()
    return new


def collection_of(world: WriterWorld, agent: str) -> str | None:
    live = world.ledger.generations.live(agent)
    return live.collection if live else None


def aliases_point_to(world: WriterWorld, *agents: str) -> set[str | None]:
    now = world.store.aliases()
    return {now.get(name) for agent in agents for name in aliases_of("default", agent)}


@pytest.mark.parametrize("edited", [False, True], ids=["renamed", "renamed and edited"])
def test_a_renamed_folder_is_served_all_the_time_and_embeds_nothing(
    world: WriterWorld, *, edited: bool
):
    old = world.publish()
    new = rename(world, edited=edited)
    waits = leaving(world)
    assert (waits.now, waits.waiting) == ((), {world.agent: new})
    assert waits.reasons == [f"{world.agent} is served until {new} is"]
    assert aliases_point_to(world, world.agent) == {old.collection}
    assert world.live().number == old.number
    assert world.ingest(new).success
    assert len(world.embedder.texts) == (1 if edited else 0)
    assert leaving(world).now == (world.agent,)
    retire(world)
    assert aliases_point_to(world, world.agent, new) == {collection_of(world, new)}


def test_the_history_and_the_names_follow_a_renamed_folder(world: WriterWorld):
    world.publish()
    new = rename(world)
    leaving(world)
    assert world.ingest(new).success
    retire(world)
    assert [row["former"] for row in world.ledger.names.former(new)] == [world.agent]
    history = world.ledger.ways_back.history([new, world.agent], 10)
    assert [(row["agent_id"], row["number"]) for row in history] == [(new, 1), (world.agent, 1)]

    # The next swap and a restart leave the old name where the new one is.
    world.write({"keys.md": "# Keys\n\nNewer.\n"}, agent=new)
    world.repository.commit()
    assert world.ingest(new).success
    reconcile(world.ledger, world.store)
    assert aliases_point_to(world, world.agent, new) == {collection_of(world, new)}

    let_grace_pass(world)
    retire(world)
    assert not is_aliased(world, world.agent)
    assert aliases_point_to(world, new) == {collection_of(world, new)}
    assert there(world) == 0


def test_what_was_deleted_by_hand_does_not_come_back_under_another_name(world: WriterWorld):
    secret = "# Secret\n\nJane Roe lives in 5 Elm Street."
    world.publish({"secret.md": secret})
    point = next(one for one, said in world.served().items() if said["text_chunk"] == secret)
    HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")
    new = rename(world)
    # The file is another one by now, so nothing is known of its chunks.
    world.write({"secret.md": f"{secret}\n\n# Also\n\nLater words.\n"}, agent=new)
    world.repository.commit()
    assert leaving(world).waiting == {world.agent: new}
    assert world.ingest(new).success
    alias = aliases_of("default", new)[0]
    served = {one.payload["text_chunk"] for one in world.store.points(alias, payloads=True)}
    assert served == {"# Keys\n\nWords of keys.", "# More\n\nMore words."}


def test_what_is_deleted_while_the_new_name_waits_does_not_come_back(world: WriterWorld):
    secret = "# Secret\n\nJane Roe lives in 5 Elm Street."
    world.publish({"secret.md": secret})
    new = rename(world)
    world.write({
        "secret.md": f"{secret}\n\n# Also\n\nLater words.\n",
        "golden.yaml": "questions:\n- question: Where is it?\n  path: nowhere.md\n",
    }, agent=new)  # fmt: skip
    world.repository.commit()
    assert leaving(world).waiting == {world.agent: new}
    assert not world.ingest(new).success
    point = next(one for one, said in world.served().items() if said["text_chunk"] == secret)
    HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")

    world.repository.remove(f"knowledge/{new}/golden.yaml")
    world.repository.commit()
    assert world.ingest(new).success
    alias = aliases_of("default", new)[0]
    served = {one.payload["text_chunk"] for one in world.store.points(alias, payloads=True)}
    assert not any("Jane Roe" in one for one in served)
    assert "# Keys\n\nWords of keys." in served


def test_a_new_folder_that_is_another_one_is_no_renaming(world: WriterWorld):
    world.publish()
    world.repository.remove(f"knowledge/{world.agent}")
    world.write({"x.md": "# X\n\nQuite other words.\n"}, agent=f"{world.agent}_x")
    world.repository.commit()
    assert leaving(world).now == (world.agent,)


def test_a_new_name_that_is_never_served_does_not_keep_the_old_one(world: WriterWorld):
    world.publish()
    rename(world)
    assert leaving(world).now == ()
    with world.ledger.database.transaction() as connection:
        connection.execute("update kb.agent_names set renamed_at = now() - interval '2 days'")
    assert leaving(world).now == (world.agent,)
    retire(world)
    assert not is_aliased(world, world.agent)


def test_how_alike_two_folders_are():
    assert alike(["a", "b"], ["a", "b"]) == 1.0
    assert alike(["a", "b"], ["b", "c"]) == 1 / 3
    assert alike([], []) == 0.0
