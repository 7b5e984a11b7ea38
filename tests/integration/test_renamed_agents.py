"""A folder that gets another name goes on as what it was, with all that people did to it."""

import pytest

from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.made_again import reconcile
from dagster_kb.publishing.ways_back import WayBack, put_back
from dagster_kb.upkeep.hot_deletion import HotDeletion
from kb_contract.errors import BadInput
from tests.doubles.departing_agents import (
    aliases_point_to,
    collection_of,
    is_aliased,
    leaving,
    let_grace_pass,
    rename,
    retire,
    served_under_another_name,
    texts,
    there,
)
from tests.doubles.writer_world import WriterWorld

SECRET = "# Secret\n\nJane Roe lives in 5 Elm Street."


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"})
    return world


def secret_of(world: WriterWorld, agent: str) -> str:
    alias = aliases_of("default", agent)[0]
    return next(one.chunk_id for one in world.store.points(alias, payloads=True)
                if one.payload["text_chunk"] == SECRET)  # fmt: skip


def all_points(world: WriterWorld) -> set[str]:
    """Texts of every collection of the agent and of its other names."""
    mine = [one for one in world.store.collections() if one.startswith(world.agent)]
    return {point.payload["text_chunk"] for one in mine
            for point in world.store.points(one, payloads=True)}  # fmt: skip


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
    world.publish({"secret.md": SECRET})
    point = next(one for one, said in world.served().items() if said["text_chunk"] == SECRET)
    HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")
    new = rename(world)
    # The file is another one by now, so nothing is known of its chunks.
    world.write({"secret.md": f"{SECRET}\n\n# Also\n\nLater words.\n"}, agent=new)
    world.repository.commit()
    assert leaving(world).waiting == {world.agent: new}
    world.ledger.incidents.resume(new, "operator")
    assert world.ingest(new).success
    alias = aliases_of("default", new)[0]
    served = {one.payload["text_chunk"] for one in world.store.points(alias, payloads=True)}
    assert served == {"# Keys\n\nWords of keys.", "# More\n\nMore words."}


def test_what_is_deleted_while_the_new_name_waits_does_not_come_back(world: WriterWorld):
    world.publish({"secret.md": SECRET})
    new = rename(world)
    world.write({
        "secret.md": f"{SECRET}\n\n# Also\n\nLater words.\n",
        "golden.yaml": "questions:\n- question: Where is it?\n  path: nowhere.md\n",
    }, agent=new)  # fmt: skip
    world.repository.commit()
    assert leaving(world).waiting == {world.agent: new}
    assert not world.ingest(new).success
    point = next(one for one, said in world.served().items() if said["text_chunk"] == SECRET)
    HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")

    world.ledger.incidents.resume(new, "operator")
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


@pytest.mark.parametrize("named_by", ["old name", "new name"])
def test_words_deleted_by_a_chunk_of_either_name_are_gone_from_both(
    world: WriterWorld, named_by: str
):
    world.publish({"secret.md": SECRET})
    old = secret_of(world, world.agent)
    new = served_under_another_name(world)
    point = old if named_by == "old name" else secret_of(world, new)
    done = HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")
    assert SECRET not in all_points(world)
    assert texts(world, new) == texts(world, world.agent) == {
        "# Keys\n\nWords of keys.", "# More\n\nMore words."
    }  # fmt: skip
    assert (done.now, set(done.names), done.also_in) == (new, {new, world.agent}, ())
    assert done.purged == 1
    live = world.ledger.generations.live(new)
    assert live
    assert len(world.ledger.documents.manifest(live.generation_id)) == live.chunks == 2
    assert world.ledger.incidents.paused(new)
    [incident] = world.ledger.incidents.listed(new)
    assert f"kb resume {new}" in incident["next_step"]
    world.ledger.incidents.resume(new, "operator")
    assert world.ledger.incidents.all_paused() == {}
    assert world.ingest(new).success
    assert SECRET not in all_points(world)


@pytest.mark.parametrize("seen", ["by the sensor", "by the run alone"])
def test_a_renaming_that_is_taken_back_is_one_too(world: WriterWorld, seen: str):
    world.publish({"secret.md": SECRET})
    new = served_under_another_name(world)
    HotDeletion(world.ledger, world.store).delete(secret_of(world, new), reason="r", by="operator")
    world.ledger.incidents.resume(new, "operator")
    world.repository.revert_head()
    if seen == "by the sensor":
        assert leaving(world).waiting == {new: world.agent}
    assert is_aliased(world, world.agent)
    assert world.ingest(world.agent).success
    assert leaving(world).now == (new,)
    retire(world, new)
    assert "Jane Roe" not in "".join(all_points(world))
    kept = {"# Keys\n\nWords of keys.", "# More\n\nMore words."}
    assert texts(world, world.agent) == texts(world, new) == kept
    assert [one["former"] for one in world.ledger.names.former(world.agent)] == [new]
    assert world.ledger.names.now(new) == world.agent

    world.repository.remove(f"knowledge/{world.agent}/secret.md")
    world.repository.commit()
    assert world.ingest(world.agent).success
    assert world.ledger.incidents.listed() == []


def test_an_agent_that_was_there_beside_it_is_not_its_new_name(world: WriterWorld):
    world.publish()
    fork = f"{world.agent}_fork"
    world.write(
        {"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"}, agent=fork
    )
    world.repository.commit()
    assert world.ingest(fork).success
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.commit()
    assert leaving(world).now == (world.agent,)
    assert world.ledger.names.successor(world.agent) is None


def test_a_renaming_is_seen_in_a_history_that_was_pushed_anew(world: WriterWorld):
    world.repository.write({"README.md": "# Knowledge\n"})
    world.publish()
    files = {
        name: world.repository.show("HEAD", world.path(name)) for name in ("keys.md", "more.md")
    }
    world.repository.shell("git checkout -q --orphan anew && git rm -rqf knowledge")
    new = f"{world.agent}_new"
    world.write({**files, "third.md": "# Third\n\nOther words.\n"}, agent=new)
    world.repository.commit()
    assert leaving(world).waiting == {world.agent: new}


def test_a_new_name_that_does_not_answer_leaves_the_old_one_served(world: WriterWorld):
    world.publish()
    new = rename(world)
    leaving(world)
    assert world.ingest(new).success
    bad = world.ledger.generations.live(new)
    assert bad
    with world.ledger.agent_lock(new):
        assert put_back(
            world.ledger, world.store, bad, reason="canary", by="gate", dagster_run=None
        ) is None  # fmt: skip
    assert leaving(world).waiting == {world.agent: new}
    retire(world)  # by a run that was queued before
    assert world.live().number == 1
    assert aliases_point_to(world, world.agent) == {world.live().collection}
    [incident] = world.ledger.incidents.listed(new)
    assert "is served until this one answers" in incident["next_step"]
    world.ledger.incidents.resume(new, "operator")
    assert leaving(world).now == (world.agent,)


def test_what_a_former_name_served_comes_back_by_the_command_that_is_told(world: WriterWorld):
    world.publish()
    new = rename(world, edited=True)
    assert world.ingest(new).success
    retire(world)
    assert "# Third\n\nOther words." in (texts(world, new) or ())
    with pytest.raises(BadInput, match="git read-tree") as refused:
        WayBack(world.ledger, world.store, world.embedder).roll_back(
            new, None, reason="bad", by="operator"
        )
    command = refused.value.cure.split("`")[1].partition(" && kb resume")[0]
    world.repository.shell(command)
    assert world.ingest(new).success
    assert texts(world, new) == {"# Keys\n\nWords of keys.", "# More\n\nMore words."}
    assert world.embedder.texts == []


def test_what_was_held_back_does_not_go_live_under_another_name(world: WriterWorld):
    world.publish()
    world.publish({"keys.md": "# Keys\n\nBad words.\n"})
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, None, reason="bad", by="operator"
    )
    new = rename(world)
    assert leaving(world).waiting == {world.agent: new}
    assert world.waits(new)
    assert texts(world, world.agent) == {"# Keys\n\nWords of keys.", "# More\n\nMore words."}
    assert texts(world, new) is None

    # Who resumes the one means both: nobody looks for a name that no folder has.
    world.ledger.incidents.resume(new, "operator")
    assert world.ingest(new).success
    assert leaving(world).now == (world.agent,)
    retire(world)
    assert aliases_point_to(world, world.agent, new) == {collection_of(world, new)}


def test_a_pause_of_the_old_name_holds_the_new_one_back_too(world: WriterWorld):
    world.publish()
    new = rename(world)
    leaving(world)
    world.ledger.incidents.pause(world.agent, "looked at", "ann")
    assert world.waits(new)
    world.ledger.incidents.resume(new, "ann")
    assert world.ingest(new).success


def test_a_new_name_is_held_against_what_the_old_one_serves(world: WriterWorld):
    files = {f"d{one}.md": f"# D{one}\n\nShort {one}.\n" for one in range(20)}
    huge = "\n\n".join(f"## S{one}\n\nPart {one} of it." for one in range(100))
    world.publish({**files, "huge.md": f"# Huge\n\n{huge}\n"})
    new = f"{world.agent}_new"
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{new}")
    world.repository.remove(f"knowledge/{new}/huge.md")
    world.repository.commit()
    # The run comes before any look of the sensor.
    assert not world.ingest(new).success
    [held] = world.ledger.generations.latest(new, 1)
    assert f"of {world.agent}, which is live" in held.checks["keeps_size"]["description"]
    assert world.ledger.generations.live(new) is None
    assert leaving(world).waiting == {world.agent: new}
    world.write({"agent.yaml": "gate: {max_shrink: 1.0}\n"}, agent=new)
    world.repository.commit()
    assert world.ingest(new).success


def test_golden_questions_of_a_new_name_are_compared_with_the_old_one(world: WriterWorld):
    golden = "questions:\n- {question: Words of keys, path: keys.md}\n"
    world.publish({"golden.yaml": golden})
    new = rename(world)
    assert world.ingest(new).success
    live = world.ledger.generations.live(new)
    assert live
    assert "mrr 1.00 → 1.00" in live.checks["as_good_as_live"]["description"]


def test_a_folder_with_a_name_that_no_agent_may_have_ends_nothing(world: WriterWorld):
    world.publish()
    world.repository.write({"knowledge/x/x.md": "# X\n\nWords of x.\n"})
    wrong = f"knowledge/{world.agent.upper()}"
    world.repository.rename(f"knowledge/{world.agent}", wrong)
    world.repository.commit()
    left = leaving(world)
    assert (left.now, left.misnamed) == ((), {world.agent: world.agent.upper()})
    assert "which no agent may be called" in left.reasons[0]
    [incident] = world.ledger.incidents.listed(world.agent)
    assert f"git mv {wrong} knowledge/{world.agent}/" in incident["next_step"]
    leaving(world)
    assert len(world.ledger.incidents.listed(world.agent)) == 1
    world.repository.rename(wrong, f"knowledge/{world.agent}")
    world.repository.commit()
    leaving(world)
    world.repository.remove(f"knowledge/{world.agent}")
    world.repository.commit()
    assert leaving(world).now == (world.agent,)
    assert world.ledger.incidents.listed(world.agent) == []


@pytest.mark.parametrize("what", ["symlink", "submodule"])
def test_what_takes_the_place_of_a_folder_ends_nothing(world: WriterWorld, what: str):
    world.publish()
    world.repository.write({"knowledge/x/x.md": "# X\n\nWords of x.\n"})
    place = f"knowledge/{world.agent}"
    mode, sha = "160000", world.repository.head()
    if what == "symlink":
        mode, sha = "120000", "$(echo ../moved | git hash-object -w --stdin)"
    world.repository.shell(f"git rm -rqf {place} && git update-index --add --cacheinfo {mode},{sha},{place}"
                           " && git commit -qm other && git checkout -qf HEAD")  # fmt: skip
    left = leaving(world)
    assert (left.now, left.misnamed) == ((), {world.agent: world.agent})
    assert left.reasons == [
        f"{world.agent} is served on: what is in the place of its folder is refused"
    ]
    [incident] = world.ledger.incidents.listed(world.agent)
    assert "link" in incident["summary"] or "submodule" in incident["summary"]
    assert f"put a folder with its files at {place} again" in incident["next_step"]


def test_incidents_are_listed_with_those_of_former_names(world: WriterWorld):
    world.publish()
    world.ledger.incidents.open(world.agent, "rollback", "went back", "look", by="ann")
    new = served_under_another_name(world)
    assert [one["kind"] for one in world.ledger.incidents.listed(new)] == ["rollback"]
    assert [one["kind"] for one in world.ledger.incidents.listed(world.agent)] == ["rollback"]
