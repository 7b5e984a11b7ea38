"""An agent is asked about itself before it goes live; what comes of it says from where on it answers."""

import pytest

from dagster_kb.publishing.own_questions import ASKED, FEWEST
from dagster_kb.resources.reader_search import Question, ReaderSearch
from kb_contract.agent_manifest import AgentManifest
from kb_contract.calibration import USUAL_QUOTED_FROM, OwnQuestions
from kb_contract.identifiers import production_alias
from tests.doubles.live_reader import live_reader
from tests.doubles.writer_world import WriterWorld, metadata

GATE = "gate: {canary: 'off', max_shrink: 1.0}\n"
THINGS = [f"{colour}{thing}" for colour in ("brass", "copper", "silver", "wooden", "painted", "old")
          for thing in ("lantern", "compass", "violin", "kettle", "anchor", "mirror")]  # fmt: skip
PAGES = {
    f"{one}.md": f"# {one}\n\nThe {one} hangs beside the {other} above the {third} of the hall.\n"
    for one, other, third in zip(THINGS, THINGS[1:] + THINGS[:1], THINGS[2:] + THINGS[:2], strict=True)
}  # fmt: skip


ASIDE = (
    "submarine periscope senate tariff glacier orchid dividend umpire sonata mortgage antler comet"
)
# Each is further from the pages than the one before.
QUESTIONS = [
    " ".join(["The copperviolin hangs beside which compass", *ASIDE.split()[:many], "?"])
    for many in range(13)
]


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"agent.yaml": GATE})
    return world


def measured(world: WriterWorld) -> OwnQuestions:
    own = world.live().own_questions
    assert own
    return own


def test_an_agent_is_asked_about_itself_and_dagster_shows_it(world: WriterWorld) -> None:
    world.commit(PAGES)
    result = world.ingest()
    own, shown = measured(world), metadata(result, "collection")
    assert FEWEST <= own.asked <= ASKED
    assert own.middle is not None
    assert own.quoted_from != USUAL_QUOTED_FROM, "short pages that name each other run otherwise"
    told = (own.asked, own.middle, own.quoted_from)
    assert (shown["own_questions"], shown["sure_of_own_questions"], shown["quoted_from"]) == told


async def test_readers_doubt_what_lies_below_what_the_writer_measured(world: WriterWorld) -> None:
    live = world.publish(PAGES)
    how = AgentManifest.model_validate(dict(live.manifest)).retrieval
    asked = [Question(one) for one in world.embedder.read(QUESTIONS)]
    alias = production_alias(world.settings.workspace_id, world.agent)
    weighed = ReaderSearch(world.ledger, world.store, live).weigh(alias, asked, how, how.limit)
    sure = [one.best(how.blend) for one in weighed]
    found, doubted = [one >= how.found_from for one in sure], list[bool]()
    async with live_reader(world) as reader:
        for question, is_found in zip(QUESTIONS, found, strict=True):
            passages = await reader.search(world.agent, question)
            assert bool(passages) is is_found
            doubted += {one.get("doubtful", False) for one in passages}
    quoted_from = measured(world).quoted_from
    assert doubted == [one < quoted_from for one in sure if one >= how.found_from]
    assert {*doubted} == {True, False}, "some are sure, some are near and not sure"


def test_a_change_takes_over_what_a_generation_like_it_said(world: WriterWorld) -> None:
    first = world.publish(PAGES)
    second = world.publish(
        {"brasslantern.md": "# Lamp\n\nThe lamp stands on a table by the door.\n"}
    )
    assert second.number > first.number
    assert measured(world) == first.own_questions
    assert len(world.embedder.texts) == 1, "no question was made again"


def test_an_agent_that_grew_is_asked_again(world: WriterWorld) -> None:
    world.publish({name: PAGES[name] for name in list(PAGES)[:FEWEST]})
    before = measured(world)
    world.publish(PAGES)
    assert measured(world).generation > before.generation
    assert measured(world).asked > before.asked


def test_few_passages_cannot_tell_and_what_is_said_is_not_measured(world: WriterWorld) -> None:
    few = {name: PAGES[name] for name in list(PAGES)[:3]}
    world.publish(few)
    own = measured(world)
    assert (own.asked, own.middle, own.quoted_from) == (0, None, USUAL_QUOTED_FROM)
    said = world.publish({**PAGES, "agent.yaml": f"retrieval: {{threshold: 0.2}}\n{GATE}"})
    assert said.own_questions is None
