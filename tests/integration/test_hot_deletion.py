"""`kb hotfix delete`: the words are nowhere any more, and stay away until their source changes."""

from pathlib import Path
from uuid import uuid4

import pytest

from dagster_kb.publishing.collection_audit import CollectionAudit
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.upkeep.hot_deletion import Deleted, HotDeletion
from kb_contract.errors import BadInput
from kb_contract.identifiers import COLOURS, collection_name
from kb_contract.sparse_words import question_weights
from tests.doubles.departing_agents import retire, texts
from tests.doubles.dying_operator import Order, run
from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.sudden_death import Death
from tests.doubles.writer_world import WriterWorld, metadata

NAME = "Jane Roe lives in 5 Elm Street."
SECRET = f"# People\n\n{NAME}"


@pytest.fixture
def qdrant_url(either_qdrant: str) -> str:
    return either_qdrant


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"people.md": f"{SECRET}\n", "keys.md": "# Keys\n\nWords of keys.\n"})
    return world


def point_of(world: WriterWorld, text: str) -> str:
    return next(one for one, said in world.served().items() if said["text_chunk"] == text)


def delete(world: WriterWorld, point: str) -> Deleted:
    return HotDeletion(world.ledger, world.store).delete(
        point, reason="an address in it", by="operator"
    )


def everything_in_the_ledger(world: WriterWorld) -> str:
    """All text of the tables where words of documents are kept."""
    with world.ledger.database.transaction() as connection:
        found = connection.execute(
            """select coalesce(string_agg(one, ' '), '') as said from (
                 select c::text as one from kb.chunks c union all
                 select d::text from kb.documents d union all
                 select t::text from kb.tombstones t union all
                 select i::text from kb.incidents i) everything"""
        ).fetchone()
    return found["said"] if found else ""


def assert_nowhere(world: WriterWorld, point: str) -> None:
    """Neither colour has it, no manifest has it, and all that is kept agrees with itself."""
    for colour in COLOURS:
        name = collection_name("default", world.agent, colour)
        if world.store.dimension(name) is None:
            continue
        there = {one.chunk_id: one.payload for one in world.store.points(name, payloads=True)}
        assert point not in there
        assert all(NAME not in one["text_chunk"] for one in there.values())
    for generation in world.ledger.generations.latest(world.agent):
        manifest = world.ledger.documents.manifest(generation.generation_id)
        assert point not in manifest
        assert generation.chunks == len(manifest)
    live = world.live()
    assert CollectionAudit(world.ledger, world.store).whole(live, live.collection or "").exact
    assert "5 Elm" not in everything_in_the_ledger(world)


def test_it_is_gone_from_both_colours_every_generation_and_the_ledger(world: WriterWorld):
    world.publish()
    world.publish({"keys.md": "# Keys\n\nOther words of keys.\n"})
    point = point_of(world, SECRET)
    vectors = world.count("embeddings")
    done = delete(world, point)
    assert_nowhere(world, point)
    assert (done.generations, done.purged, done.vectors) == (2, 1, 1)
    assert len(done.collections) == 2
    assert world.count("embeddings") == vectors - 1
    assert world.served_texts() == {"# Keys\n\nOther words of keys."}
    colours = {one["state"] for one in world.ledger.aliases.colours(world.agent)}
    assert colours == {"clean"}
    assert world.ledger.incidents.paused(world.agent)
    (incident,) = world.ledger.incidents.listed(world.agent)
    assert incident["kind"] == "hotfix"
    assert incident["facts"]["path"] == world.path("people.md")
    assert [one["text_sha256"] for one in world.ledger.tombstones.open(world.agent)] != []


def test_no_rollback_brings_it_back(world: WriterWorld):
    world.publish()
    world.publish({"keys.md": "# Keys\n\nTwo.\n"})
    world.publish({"keys.md": "# Keys\n\nThree.\n"})
    point = point_of(world, SECRET)
    delete(world, point)
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, 1, reason="test", by="operator"
    )
    assert world.served_texts() == {"# Keys\n\nWords of keys."}
    assert_nowhere(world, point)


def test_it_does_not_come_back_until_its_source_changes_and_then_the_drift_ends(
    world: WriterWorld,
):
    world.publish()
    point = point_of(world, SECRET)
    delete(world, point)
    world.ledger.incidents.resume(world.agent, "operator")
    assert world.ingest(force=True).success
    assert_nowhere(world, point)
    # The file changes and still says it, in a chunk that is cut otherwise and broken elsewhere.
    said = NAME.replace("lives in", "lives\nin")
    world.publish({"people.md": f"# People\n\n{said}\n\n# More\n\nHarmless.\n"})
    assert world.served_texts() == {"# Keys\n\nWords of keys."}
    assert_nowhere(world, point)
    assert len(world.ledger.tombstones.open(world.agent)) == 1
    assert len(world.ledger.incidents.listed(world.agent)) == 1

    world.commit({"people.md": "# People\n\nNobody.\n"})
    result = world.ingest()
    assert result.success
    assert world.ledger.tombstones.open(world.agent) == []
    assert world.ledger.incidents.listed(world.agent) == []
    assert world.path("people.md") in str(metadata(result, "live_alias")["deletions_settled"])

    # Somebody reverts: it is not served, and told of anew.
    world.publish({"people.md": f"{SECRET}\n"})
    assert_nowhere(world, point)
    assert len(world.ledger.tombstones.open(world.agent)) == 1
    told = world.ledger.incidents.listed(world.agent)
    assert [one["kind"] for one in told] == ["deleted_text_is_back"]


def test_the_same_words_elsewhere_in_the_agent_go_too_and_other_agents_are_named(
    world: WriterWorld,
):
    world.publish({"copy.md": f"{SECRET}\n"})
    other = f"{world.agent}_other"
    world.write({"people.md": f"{SECRET}\n"}, agent=other)
    world.repository.commit()
    assert world.ingest(other).success
    point = point_of(world, SECRET)
    done = delete(world, point)
    assert len(done.chunk_ids) == 2
    assert {one["agent_id"] for one in done.also_in} == {other}
    assert done.purged == 0
    second = delete(world, done.also_in[0]["chunk_id"])
    assert (second.agent, second.also_in) == (other, ())
    assert_nowhere(world, point)


def test_a_run_that_was_on_its_way_does_not_bring_it_back(world: WriterWorld):
    world.publish()
    point = point_of(world, SECRET)
    world.commit({"new.md": "# New\n\nNew words.\n"})

    def meanwhile() -> None:
        world.embedder.before_embedding = None
        delete(world, point)

    world.embedder.before_embedding = meanwhile
    assert not world.ingest().success
    assert_nowhere(world, point)
    world.ledger.incidents.resume(world.agent, "operator")
    assert world.ingest().success
    assert world.served_texts() == {"# Keys\n\nWords of keys.", "# New\n\nNew words."}
    assert_nowhere(world, point)


def test_what_a_killed_deletion_did_not_count_the_next_run_counts(world: WriterWorld):
    world.publish()
    delete(world, point_of(world, SECRET))
    live = world.live()
    world.ledger.database.run("forget_counts", generation=live.generation_id)
    world.ledger.incidents.resume(world.agent, "operator")
    staging = (world.definitions.resources or {})["staging"]
    assert staging.settled(world.agent, staging.folder.head()) is None
    assert world.ingest().success
    assert world.live().generation_id == live.generation_id
    assert world.ledger.terms.of(live).chunks == live.chunks > 0
    assert staging.settled(world.agent, staging.folder.head()) == live


def test_what_is_no_point_of_ours_is_said(world: WriterWorld):
    world.publish()
    with pytest.raises(BadInput, match="is no id of a point"):
        delete(world, "seven")
    with pytest.raises(BadInput, match="no generation of any agent"):
        delete(world, str(uuid4()))
    with pytest.raises(BadInput, match="belongs to"):
        HotDeletion(world.ledger, world.store).delete(
            point_of(world, SECRET), reason="r", by="b", agent="nobody"
        )
    assert world.ledger.incidents.paused(world.agent) is None


DEATHS = [
    Death("open incident", "after"),
    Death("pause", "after"),
    Death("bury", "before"),
    Death("bury", "after"),
    Death("delete points", "after"),
    Death("delete points", "before", nth=2),
    Death("stamp", "after"),
    Death("mark colour", "after"),
    Death("add facts", "before"),
]
# Nothing is gone yet, the ledger's alone, both.
FEW = [Death("pause", "after"), Death("bury", "after"), Death("delete points", "after")]


# A command dies alike over both, and that takes long.
@pytest.mark.parametrize("either_qdrant", ["owner"], indirect=True)
@pytest.mark.parametrize(
    "deaths", [pytest.param(FEW, id="few"), pytest.param(DEATHS, id="all", marks=pytest.mark.full)]
)
def test_killed_anywhere_the_same_command_finishes_it(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str, deaths: list[Death]
):
    repository = GitRepository(tmp_path / "repo")
    world = WriterWorld(repository, database_url, qdrant_url, agent_id)
    place = Place(repository.root, database_url, qdrant_url, agent_id)
    names = {f"people{number}.md": f"# People\n\n{NAME} No. {number}.\n"
             for number in range(len(deaths))}  # fmt: skip
    world.publish({"keys.md": "# Keys\n\nOne.\n", **names})
    world.publish({"keys.md": "# Keys\n\nTwo.\n"})
    for number, death in enumerate(deaths):
        point = point_of(world, f"# People\n\n{NAME} No. {number}.")
        order = Order(delete=point)
        assert run(place, order, death) == -9, death
        assert run(place, order) == 0, death
        assert point not in world.served(), death
        colours = {one["state"] for one in world.ledger.aliases.colours(agent_id)}
        assert colours == {"clean"}, death
    assert_nowhere(world, point)
    assert len(world.ledger.incidents.listed(agent_id)) == len(deaths)
    assert world.served_texts() == {"# Keys\n\nTwo."}
    world.close()


def counted(world: WriterWorld) -> dict[int, tuple[int, str]]:
    """Of each generation that was counted: its chunks, and the names that readers ask by too."""
    with world.ledger.database.transaction() as connection:
        rows = connection.execute(
            """select g.number, t.chunks, t.names::text as names
               from kb.term_counts t join kb.generations g using (generation_id)
               where g.agent_id = %s""", (world.agent,)
        ).fetchall()  # fmt: skip
    return {row["number"]: (row["chunks"], row["names"]) for row in rows}


def test_neither_its_words_nor_its_names_are_counted_any_more(world: WriterWorld):
    firm = "# Firm\n\nJane of the Elmstreet Holding Company (EHC) pays. EHC pays her.\n"
    world.publish({"firm.md": firm})
    assert "ehc" in counted(world)[1][1].lower()
    delete(world, next(one for one, said in world.served().items() if "EHC" in said["text_chunk"]))
    assert counted(world)[1] == (2, counted(world)[1][1])
    assert "ehc" not in counted(world)[1][1].lower()
    world.ledger.incidents.resume(world.agent, "operator")
    world.publish({"firm.md": "# Firm\n\nNothing of that.\n"})
    live = world.publish({"keys.md": "# Keys\n\nOther words.\n"})
    assert all("ehc" not in names.lower() for _, names in counted(world).values())
    assert counted(world)[live.number][0] == live.chunks
    assert world.ledger.terms.of(live).get(question_weights("elmstreet")).holding == {}


def test_a_commit_that_deletes_the_file_and_is_reverted_does_not_bring_it_back(world: WriterWorld):
    world.publish()
    point = point_of(world, SECRET)
    delete(world, point)
    world.ledger.incidents.resume(world.agent, "operator")
    world.repository.remove(world.path("people.md"))
    world.publish()
    assert world.ledger.tombstones.open(world.agent) == []
    world.repository.revert_head()
    assert world.ingest().success
    assert_nowhere(world, point)
    [told] = world.ledger.incidents.listed(world.agent)
    assert (told["kind"], told["facts"]["path"]) == (
        "deleted_text_is_back", world.path("people.md")
    )  # fmt: skip
    assert world.served_texts() == {"# Keys\n\nWords of keys."}


@pytest.mark.parametrize("way", ["withdrawn", "folder gone"])
def test_what_leaves_git_with_all_the_rest_settles_it_too(world: WriterWorld, way: str):
    world.publish()
    delete(world, point_of(world, SECRET))
    world.ledger.incidents.resume(world.agent, "operator")
    world.ledger.incidents.open(world.agent, "run_failed", "it failed", "look", by="dagster")
    if way == "withdrawn":
        world.repository.remove(world.path("people.md"))
        world.repository.remove(world.path("keys.md"))
        world.commit({"agent.yaml": "title: Empty\n"})
        assert world.ingest().success
    else:
        world.repository.remove(f"knowledge/{world.agent}")
        world.repository.write({"knowledge/x/x.md": "# X\n"})
        world.repository.commit()
        retire(world)
    assert world.ledger.tombstones.open(world.agent) == []
    left = [one["kind"] for one in world.ledger.incidents.listed(world.agent)]
    assert left == (["run_failed"] if way == "withdrawn" else [])


def test_a_file_that_goes_to_another_agent_takes_its_deletion_along(world: WriterWorld):
    world.publish()
    other = f"{world.agent}_other"
    world.write({"x.md": "# X\n\nWords of x.\n"}, agent=other)
    world.repository.commit()
    assert world.ingest(other).success
    delete(world, point_of(world, SECRET))
    world.ledger.incidents.resume(world.agent, "operator")
    world.repository.rename(world.path("people.md"), f"knowledge/{other}/people.md")
    world.repository.commit()
    assert world.ingest().success
    assert world.ledger.incidents.listed(world.agent) == []
    assert world.ingest(other).success
    assert texts(world, other) == {"# X\n\nWords of x."}
    [told] = world.ledger.incidents.listed(other)
    assert (told["kind"], told["facts"]["path"]) == (
        "deleted_text_is_back", f"knowledge/{other}/people.md"
    )  # fmt: skip
    world.repository.remove(f"knowledge/{other}/people.md")
    world.repository.commit()
    assert world.ingest(other).success
    assert world.ledger.incidents.listed(other) == []
