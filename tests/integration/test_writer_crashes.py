"""kill -9 at every step: the next run converges, and pays for nothing twice."""

import pytest

from dagster_kb.upkeep.hot_deletion import HotDeletion
from kb_contract.identifiers import production_alias
from tests.doubles.dying_writer import CALLS, Place, run
from tests.doubles.sudden_death import Death
from tests.doubles.writer_world import WriterWorld, why

# One after the other on one agent; only the first of a group meets a colour that is not there yet.
DEATHS = {
    "reading": [
        Death("recreate collection", "after"),
        Death("stage", "after"),
        Death("keep documents", "before"),
        Death("keep documents", "after"),
        Death("place documents", "after"),
        Death("fill manifest", "after"),
    ],
    "writing": [
        Death("mark colour", "after"),
        Death("embed", "before"),
        Death("keep embeddings", "before"),
        Death("keep embeddings", "after"),
        Death("delete points", "after"),
        Death("write points", "after"),
    ],
    "looking": [
        Death("look at all", "before"),
        Death("look at what changed", "before"),
        Death("look at what changed", "after"),
        Death("stamp collection", "after"),
        Death("mark colour", "after", nth=2),
    ],
    "publishing": [
        Death("mark colour", "before", nth=2),
        Death("record check", "after"),
        Death("record check", "after", nth=2),
        Death("move alias", "before"),
        Death("move alias", "after"),
        Death("go live", "after"),
        Death("settle deletions", "after"),
    ],
}
# One for each thing that can be left: no colour, a manifest without vectors, paid vectors without points, half a
# colour, one that nobody looked at, an alias that the ledger does not know of.
FEW = [
    Death("stage", "after"),
    Death("fill manifest", "after"),
    Death("keep embeddings", "after"),
    Death("write points", "after"),
    Death("stamp collection", "after"),
    Death("move alias", "after"),
]


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nOld words of keys.\n", "gone.md": "# Gone\n\nFarewell.\n"})
    return world


def place_of(world: WriterWorld) -> Place:
    return Place(
        world.repository.root,
        world.settings.database_url.get_secret_value(),
        world.settings.qdrant_url,
        world.agent,
    )


def test_every_call_of_the_list_is_killed_somewhere():
    assert {one.call for group in DEATHS.values() for one in group} == set(CALLS)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "deaths",
    [
        pytest.param(FEW, id="few"),
        *(pytest.param(all_, id=name, marks=pytest.mark.full) for name, all_ in DEATHS.items()),
    ],
)
def test_a_killed_writer_leaves_what_is_served_and_the_next_run_converges(
    world: WriterWorld, deaths: list[Death]
):
    world.publish()
    for number, death in enumerate(deaths):
        die_and_converge(world, death, number)
    runs = world.ledger.generations.pipeline_runs(world.agent, limit=10)
    assert [one["status"] for one in runs] == ["DONE"] * (len(deaths) + 1)


def die_and_converge(world: WriterWorld, death: Death, number: int) -> None:
    old, embedded = world.live(), world.count("embeddings")
    edit(world, number)
    assert run(place_of(world), death) == -9, death

    served = world.store.aliases()[production_alias("default", world.agent)]
    known = world.ledger.generations.latest(world.agent)
    assert served in {one.collection for one in known if one.state in ("checked", "live")}, death

    paid = world.count("embeddings") - embedded
    result = world.ingest()
    assert result.success, f"{death}: {why(result)}"
    live = world.live()
    assert live.number == old.number + 1, death
    assert len(world.embedder.texts) == 2 - paid, death
    assert world.served_texts() == {f"# Keys\n\nWords {number}.", f"# More\n\nMore {number}."}
    assert set(world.served()) == set(world.ledger.documents.manifest(live.generation_id)), death
    assert world.store.aliases()[production_alias("default", world.agent)] == live.collection
    done = world.ledger.embeddings.totals(str(live.run_id))
    assert (done.pending, done.error) == (0, 0), death


def edit(world: WriterWorld, number: int) -> None:
    """One file changes, one goes, one comes."""
    old = "gone.md" if number == 0 else f"more{number - 1}.md"
    world.repository.remove(world.path(old))
    world.commit({
        "keys.md": f"# Keys\n\nWords {number}.\n",
        f"more{number}.md": f"# More\n\nMore {number}.\n",
    })  # fmt: skip


@pytest.mark.parametrize(
    "death",
    [
        Death("go live", "after"),
        pytest.param(Death("settle deletions", "after"), marks=pytest.mark.full),
    ],
)
def test_what_a_killed_run_did_not_say_of_deleted_words_the_next_one_says(
    world: WriterWorld, death: Death
):
    secret = "# Secret\n\nJane Roe lives in 5 Elm Street."
    world.publish({"secret.md": secret})
    point = next(one for one, said in world.served().items() if said["text_chunk"] == secret)
    HotDeletion(world.ledger, world.store).delete(point, reason="r", by="operator")
    world.ledger.incidents.resume(world.agent, "operator")
    for text, told in [("# Secret\n\nNobody.\n", []), (f"{secret}\n", ["deleted_text_is_back"])]:
        world.commit({"secret.md": text})
        assert run(place_of(world), death) == -9
        assert world.ingest().success
        assert [one["kind"] for one in world.ledger.incidents.listed(world.agent)] == told
        assert len(world.ledger.tombstones.open(world.agent)) == len(told)
