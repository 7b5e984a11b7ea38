"""Random edits of two agents' pages: exactly the answers that quote what is gone are flagged, none else."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_kb.publishing.alias_moves import retire
from dagster_kb.publishing.ways_back import WayBack
from kb.reader_process import cache_rounds
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.writer_world import WriterWorld

AGENT = "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
# Of each paragraph its question and its sentence; no two have a telling word in common.
SUBJECTS = [
    ("How often is the archive key changed?", "The archive key is changed every {n} days."),
    ("When does a badge open the garage?", "A badge opens the garage from hour {n} on."),
    ("What does the porter earn?", "The porter earns {n} silver coins."),
    ("Where do bicycles stand?", "Bicycles stand in yard {n} behind brick walls."),
    ("Who repairs broken windows?", "Broken windows are repaired by glazier number {n}."),
    ("How loud may trumpets play?", "Trumpets may play as loud as {n} decibels."),
    (
        "How deep is the swimming pool?",
        "The swimming pool measures {n} feet in depth, so deep it is.",
    ),
    ("Which soup contains walnuts?", "Soup number {n} contains walnuts."),
]


Texts = dict[str, list[str]]


def edit(texts: Texts, name: str, paragraph: int, mark: str) -> None:
    said = texts[name]
    place = paragraph % len(said)
    said[place] = said[place].replace(" 1", f" 7{mark}")


def delete(texts: Texts, name: str, _paragraph: int, _mark: str) -> None:
    if int(name[0]) % 2:  # an agent keeps a page at least
        del texts[name]


def rename(texts: Texts, name: str, _paragraph: int, mark: str) -> None:
    texts[f"{name[0]}/moved-{mark}.md"] = texts.pop(name)


def turn(texts: Texts, name: str, _paragraph: int, _mark: str) -> None:
    texts[name].reverse()


def add(texts: Texts, name: str, paragraph: int, mark: str) -> None:
    texts[name].insert(paragraph, f"Lanterns of sort {mark} glow purple.")


def move(texts: Texts, name: str, paragraph: int, _mark: str) -> None:
    """To the other page of the same agent, where a paragraph is left behind."""
    said = texts[name]
    beside = next((one for one in texts if one[0] == str(int(name[0]) ^ 1)), None)
    if beside and len(said) > 1:
        texts[beside].append(said.pop(paragraph % len(said)))


DEEDS = {one.__name__: one for one in (edit, delete, rename, turn, add, move)}


@dataclass
class Pages:
    """Four pages, two of each agent, and in each two paragraphs of one sentence."""

    texts: Texts = field(default_factory=Texts)

    @classmethod
    def first(cls) -> "Pages":
        said = [sentence.format(n=10 + place) for place, (_, sentence) in enumerate(SUBJECTS)]
        return cls({f"{page}/page.md": said[2 * page : 2 * page + 2] for page in range(4)})

    def agent_of(self, name: str) -> int:
        return int(name.split("/")[0]) // 2

    def changed(self, deeds: list[tuple[str, int, int]]) -> "Pages":
        """Do one thing after the other; what cannot be done (to a page that is gone) is left."""
        texts = {name: list(said) for name, said in self.texts.items()}
        for number, (deed, page, paragraph) in enumerate(deeds):
            name = next((one for one in texts if one.startswith(f"{page}/")), None)
            if name is not None:
                DEEDS[deed](texts, name, paragraph, str(number))
        return Pages(texts)

    def holds(self, citation: dict[str, Any], agents: list[str]) -> bool:
        """Whether a quote still stands in its file."""
        name = citation["path"].split(f"{citation['agent_id']}/")[1]
        mine = self.agent_of(name) == agents.index(citation["agent_id"])
        return mine and any(citation["quote"] in one for one in self.texts.get(name, []))


@dataclass
class Two:
    """Two agents of one writer, and the reader over them."""

    world: WriterWorld
    agents: list[str]

    def publish(self, pages: Pages) -> None:
        for number, agent in enumerate(self.agents):
            folder = f"knowledge/{agent}"
            self.world.repository.remove(folder)
            mine = {
                name: f"# Page {name[0]}\n\n" + "\n\n".join(said) + "\n"
                for name, said in pages.texts.items()
                if pages.agent_of(name) == number
            }
            self.world.write({"agent.yaml": AGENT, **mine}, agent)
        self.world.repository.commit()
        for agent in self.agents:
            assert self.world.ingest(agent).success

    def roll_back(self, generations: list[int]) -> None:
        way = WayBack(self.world.ledger, self.world.store, self.world.embedder)
        for agent, number in zip(self.agents, generations, strict=True):
            if self.numbers()[agent] != number:
                way.roll_back(agent, number, reason="wrong", by="test")
                self.world.ledger.incidents.resume(agent, "test")

    def numbers(self) -> dict[str, int]:
        live = {one: self.world.ledger.generations.live(one) for one in self.agents}
        return {agent: one.number for agent, one in live.items() if one}


@pytest.fixture
def two(world: WriterWorld, agent_id: str) -> Iterator[Two]:
    other = f"{agent_id}_b"
    yield Two(world, [world.agent, other])
    if world.ledger.generations.live(other):
        retire(world.ledger, world.store, other, "the test is over")


async def asked(reader: ComposedReader, pages: Pages) -> dict[str, list[dict[str, Any]]]:
    """Ask all that is told, once to be kept and once not; return what each answer quotes."""
    found: dict[str, list[dict[str, Any]]] = {}
    told = [one for said in pages.texts.values() for one in said]
    for question, sentence in SUBJECTS:
        if not any(one.startswith(sentence.split("{n}")[0]) for one in told):
            continue
        for wish in ("no-cache", "no-store"):
            done = await reader.ask(question, cache=wish)
            if done["citations"]:
                found[done["answer_id"]] = done["citations"]
    return found


async def flagged(reader: ComposedReader) -> tuple[set[str], set[str]]:
    """Whose row says that they are stale, and of which an event tells it."""
    await cache_rounds(reader.settings, reader.outside).round()
    rows = await reader.outside.ops.rows(
        "select answer_id from ops.answers where stale_at is not null", {}
    )
    events = await reader.outside.ops.rows(
        "select answer_id from ops.cache_events where event = 'stale'", {}
    )
    assert len(events) == len({one["answer_id"] for one in events})
    return {one["answer_id"] for one in rows}, {one["answer_id"] for one in events}


async def change_and_go_back(two: Two, pages: Pages) -> None:
    async with composed_reader(two.world, result_cache_ttl=3600) as reader:
        two.publish(Pages.first())
        before = two.numbers()
        first = await asked(reader, Pages.first())
        assert len(first) == 2 * len(SUBJECTS)
        rows, _ = await flagged(reader)
        assert not rows & set(first)

        two.publish(pages)
        gone = {
            answer
            for answer, quotes in first.items()
            if not all(pages.holds(one, two.agents) for one in quotes)
        }
        rows, events = await flagged(reader)
        assert rows & set(first) == gone
        assert rows <= events

        second = await asked(reader, pages)
        two.roll_back([before[one] for one in two.agents])
        gone |= {
            answer
            for answer, quotes in second.items()
            if not all(Pages.first().holds(one, two.agents) for one in quotes)
        }
        rows, events = await flagged(reader)
        assert rows & {*first, *second} == gone
        assert rows <= events


DONE = st.lists(
    st.tuples(
        st.sampled_from(["edit", *sorted(DEEDS)]),
        st.integers(0, 3),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=4,
)


@pytest.mark.timeout(600)
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(DONE)
def test_exactly_what_quotes_something_that_is_gone_is_flagged(
    two: Two, deeds: list[tuple[str, int, int]]
) -> None:
    asyncio.run(change_and_go_back(two, Pages.first().changed(deeds)))
