"""Old names that are served on until the new one answers, and names that are free again."""

import pytest

from dagster_kb.upkeep.departure_incidents import MISNAMED, WAITING
from dagster_kb.upkeep.hot_deletion import HotDeletion
from tests.doubles.departing_agents import (
    aliases_point_to,
    collection_of,
    is_aliased,
    leaving,
    rename,
    retire,
    served_under_another_name,
    texts,
)
from tests.doubles.writer_world import WriterWorld

KEPT = {"# Keys\n\nWords of keys.", "# More\n\nMore words."}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "more.md": "# More\n\nMore words.\n"})
    return world


def renamed_days_ago(world: WriterWorld) -> None:
    with world.ledger.database.transaction() as connection:
        connection.execute(
            "update kb.agent_names set renamed_at = now() - interval '3 days' where former = %s",
            (world.agent,),
        )


def told(world: WriterWorld, agent: str, kind: str = WAITING) -> list[str]:
    listed = world.ledger.incidents.listed(agent)
    return [str(one["next_step"]) for one in listed if one["kind"] == kind]


def test_what_was_held_back_for_days_ends_only_when_the_new_name_answers(world: WriterWorld):
    world.publish()
    world.ledger.incidents.pause(world.agent, "looked at", "ann")
    new = rename(world)
    assert leaving(world).waiting == {world.agent: new}
    assert told(world, world.agent) == []
    renamed_days_ago(world)
    leaving(world)
    [step] = told(world, world.agent)
    assert f"`kb resume {new}`" in step
    world.ledger.incidents.resume(new, "ann")
    assert leaving(world).now == ()
    retire(world)  # by a run that was queued by mistake
    assert texts(world, world.agent) == KEPT
    [step] = told(world, world.agent)
    assert f"`kb ingest --agent {new}`" in step

    assert world.ingest(new).success
    assert leaving(world).now == (world.agent,)
    assert told(world, world.agent) == []
    retire(world)
    assert aliases_point_to(world, world.agent, new) == {collection_of(world, new)}


def test_a_refused_new_name_keeps_the_old_one_and_a_person_is_told(world: WriterWorld):
    world.publish()
    new = rename(world)
    bad = "questions:\n- question: Where is it?\n  path: nowhere.md\n"
    world.write({"golden.yaml": bad}, agent=new)
    world.repository.commit()
    assert not world.ingest(new).success
    assert leaving(world).waiting == {world.agent: new}
    renamed_days_ago(world)
    assert leaving(world).now == ()
    [step] = told(world, world.agent)
    assert f"mend what refuses {new}" in step
    assert f"take knowledge/{new}/ away" in step
    assert leaving(world).now == ()
    assert len(told(world, world.agent)) == 1

    world.repository.write({"knowledge/README.md": "# Knowledge\n"})
    world.repository.remove(f"knowledge/{new}")
    world.repository.commit()
    assert world.agent in leaving(world).now
    assert told(world, world.agent) == []
    retire(world)
    assert not is_aliased(world, world.agent)


def test_a_new_name_of_which_everything_is_withdrawn_ends_the_old_one(world: WriterWorld):
    world.publish()
    new = rename(world)
    leaving(world)
    draft = "---\nstatus: draft\n---\n# Keys\n\nWords of keys.\n"
    world.write({"agent.yaml": "gate: {max_shrink: 1.0}\n", "keys.md": draft}, agent=new)
    world.repository.remove(f"knowledge/{new}/more.md")
    world.repository.commit()
    assert world.ingest(new).success
    assert leaving(world).now == (world.agent,)
    retire(world)
    assert not is_aliased(world, world.agent)


def test_a_new_name_is_held_against_what_an_ended_one_served_last(world: WriterWorld):
    world.write({f"d{one}.md": f"# D{one}\n\nShort {one}.\n" for one in range(40)})
    world.publish()
    new = rename(world)
    leaving(world)
    with world.ledger.agent_lock(world.agent):
        world.ledger.names.end(world.agent, "by hand")
    for one in range(38):
        world.repository.remove(f"knowledge/{new}/d{one}.md")
    world.repository.commit()
    assert not world.ingest(new).success
    [held] = world.ledger.generations.latest(new, 1)
    assert f"less than generation 1 of {world.agent}" in held.checks["keeps_size"]["description"]


def test_a_renaming_taken_back_before_it_was_built_leaves_nothing(world: WriterWorld):
    world.write({f"d{one}.md": f"# D{one}\n\nShort {one}.\n" for one in range(40)})
    world.publish()
    new = rename(world)
    assert leaving(world).waiting == {world.agent: new}
    world.repository.revert_head()
    assert leaving(world).now == ()
    assert world.ledger.names.successor(world.agent) is None

    world.write({"own.md": "# Own\n\nOf another team.\n"}, agent=new)
    world.repository.commit()
    assert world.ingest(new).success
    point = next(iter(world.served()))
    done = HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")
    assert (done.now, done.names) == (world.agent, (world.agent,))
    assert world.ledger.incidents.paused(new) is None


@pytest.mark.parametrize("seen", ["by the sensor", "by the run alone"])
def test_a_new_folder_of_a_former_name_is_an_agent_of_its_own(world: WriterWorld, seen: str):
    world.publish()
    new = served_under_another_name(world)
    world.write({"other.md": "# Other\n\nAnother team's.\n"})
    world.repository.commit()
    if seen == "by the sensor":
        leaving(world)
    else:
        assert world.ingest().success
    world.ledger.incidents.pause(world.agent, "held back", "ann")
    assert world.ledger.incidents.paused(new) is None
    world.ledger.incidents.pause(new, "looked at", "ann")
    world.ledger.incidents.resume(new, "ann")
    assert world.ledger.incidents.paused(world.agent)
    assert world.ledger.names.former(new) == []
    assert world.ingest(new).success


def test_what_leads_to_an_agent_never_stays_on_what_no_gate_has_passed(world: WriterWorld):
    world.publish()
    new = served_under_another_name(world)
    world.write({"agent.yaml": "gate: {nonsense: 1}\n", "other.md": "# Other\n\nAnother team's.\n"})
    world.repository.commit()
    leaving(world)
    assert not world.ingest().success
    for said in ("Newer.", "Newest."):
        world.write({"keys.md": f"# Keys\n\n{said}\n"}, agent=new)
        world.repository.commit()
        assert world.ingest(new).success
        assert aliases_point_to(world, world.agent, new) == {collection_of(world, new)}
    world.write({"bad.md": "# Bad\n\nkey = AKIA" + "QYLPMN5HFIQR7XYA\n"}, agent=new)
    world.repository.commit()
    assert not world.ingest(new).success
    assert texts(world, world.agent) == {"# Keys\n\nNewest.", "# More\n\nMore words."}

    world.repository.remove(f"knowledge/{new}")
    world.repository.commit()
    retire(world, new)
    assert not is_aliased(world, world.agent)


def test_who_looks_at_an_older_commit_closes_no_incident(world: WriterWorld):
    world.publish()
    before = world.repository.head()
    world.repository.rename(f"knowledge/{world.agent}", f"knowledge/{world.agent.upper()}")
    wrong = world.repository.commit()
    leaving(world)
    [first] = world.ledger.incidents.listed(world.agent)
    world.repository.reset_to(before)
    leaving(world)
    world.repository.reset_to(wrong)
    leaving(world)
    assert [one["incident_id"] for one in world.ledger.incidents.listed(world.agent)] == [
        first["incident_id"]
    ]
    world.repository.revert_head()
    leaving(world)
    assert told(world, world.agent, MISNAMED) == []
