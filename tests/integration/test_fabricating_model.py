"""A model that fabricates in more than 300 ways, through the whole graph: none of it reaches a person."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from kb_contract.generation import Generation
from tests.doubles.composed_reader import composed_reader
from tests.doubles.fabricator import (
    OLDER,
    OTHER_TRUE,
    OTHERS,
    PAGE,
    QUESTION,
    RESTRICTED,
    TRUE,
    Fabricator,
    Lie,
    false_claims,
    false_quotes,
)
from tests.doubles.git_repository import GitRepository
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.writer_world import WriterWorld, why

pytestmark = pytest.mark.timeout(900)
EVERY = 1000
GATE = "gate: {canary: 'off', secrets: 'off'}\n"
FOUND = f"retrieval: {{limit: 20, threshold: 0.0}}\n{GATE}"
# One passage is found; all else that may be quoted is there because it stands around that one.
AROUND = f"retrieval: {{limit: 1, threshold: 0.0, context: section}}\nchunking: {{tokens: 60, overlap: 0}}\n{GATE}"


@pytest.fixture(scope="module", params=[FOUND])
def world(
    file_database_url: str, qdrant_url: str, tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[WriterWorld]:  # fmt: skip
    """What is published once, and no test changes."""
    repository = GitRepository(tmp_path_factory.mktemp("fabricating") / "repo")
    world = WriterWorld(repository, file_database_url, qdrant_url, f"agent_{uuid4().hex[:10]}")
    publish(world, request.param)
    yield world
    world.close()


def publish(world: WriterWorld, settings: str) -> None:
    world.write({"agent.yaml": settings, "travel.md": OTHERS}, agent=f"{world.agent}_x")
    world.publish({"agent.yaml": settings, "keys.md": OLDER, "plan.md": RESTRICTED})
    assert (other := world.ingest(f"{world.agent}_x")).success, why(other)
    world.publish({"keys.md": PAGE})


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


def false_in(done: dict[str, Any], lie: Lie, world: WriterWorld, live: Generation) -> list[str]:
    """What of an answer is not true, found without any code of the reader."""
    wrong: list[str] = []
    for one in done["citations"]:
        page = world.repository._git("show", f"{one['sha']}:{one['path']}").decode()
        if page[one["start"] : one["end"]] != one["quote"] or "Umbra" in one["quote"]:
            wrong.append(f"cited: {one['quote']}")
        if (one["sha"], one["generation"]) != (live.git_sha, live.number):
            wrong.append(f"another generation: {one['generation']}")
    lines = {
        re.sub(r"(?: |^)(?:\[\d+\])+|^- ", "", one).strip() for one in done["answer"].split("\n")
    }
    if lie.text in lines or " ".join(lie.text.split()) in lines:
        wrong.append(f"said: {lie.text}")
    if any(lie.text == one["text"] for one in done["coverage"]["sentences"]):
        wrong.append("in the coverage")
    return wrong


def of_each_way(lies: Iterable[Lie], most: int) -> Iterator[Lie]:
    """The first that are false in each way."""
    seen = Counter[str]()
    for lie in lies:
        seen[lie.how] += 1
        if seen[lie.how] <= most:
            yield lie


@pytest.mark.parametrize(
    ("world", "most"),
    [
        (FOUND, 2),
        pytest.param(FOUND, EVERY, marks=pytest.mark.full),
        pytest.param(AROUND, EVERY, marks=pytest.mark.full),
    ],
    indirect=["world"],
    ids=["found", "every found", "every around"],
    scope="module",
)
async def test_what_a_model_makes_up_reaches_nobody(
    world: WriterWorld, provider: LoopbackProvider, most: int
) -> None:
    every = [*false_quotes(), *false_claims()]
    assert len(every) >= 300
    # Every false claim is held against its quote without a graph: tests/unit/test_claims_beyond_quotes.py.
    lies = list(of_each_way(every, most))
    live, reached, lost = world.live(), list[str](), list[str]()
    async with composed_reader(world, provider.api_base) as reader:
        for lie in lies:
            fabricator = Fabricator(lie)
            provider.script = fabricator
            done = await reader.ask(QUESTION, agent=world.agent)
            assert fabricator.told == 1, lie
            assert fabricator.shown > 1, lie
            reached += [f"{lie.how}: {one}" for one in false_in(done, lie, world, live)]
            # The truth beside it is not lost with it.
            if TRUE["text"] not in done["answer"] or done["status"] != "partial":
                lost.append(f"{lie.how}: {done['status']}: {done['answer']}")
            assert sum(done["coverage"]["left_out"].values()) == 1, (lie, done["coverage"])
    assert reached == []
    assert lost == []


async def test_what_is_made_up_when_findings_are_joined_reaches_nobody(
    world: WriterWorld, provider: LoopbackProvider
) -> None:
    lies = [Lie("joined", text, "") for text in (
        "Visitors are alone near signing keys.", "Visitors need 12 characters near signing keys.",
        "Visitors are never alone near signing keys of Umbra Ltd.", "Bananas ripen in the sun.",
        "Visitors are never alone near 3 signing keys.", "Passwords have at most 12 characters.",
    )]  # fmt: skip
    async with composed_reader(world, provider.api_base) as reader:
        for lie in lies:
            provider.script = Fabricator(lie, joins=True)
            done = await reader.ask(QUESTION, agent=world.agent)
            assert false_in(done, lie, world, world.live()) == []
            assert TRUE["text"] in done["answer"]
            assert OTHER_TRUE["text"] in done["answer"]
            assert len(done["citations"]) == 2


async def test_the_policy_may_show_them_apart_with_the_reason(
    world: WriterWorld, provider: LoopbackProvider
) -> None:
    lie = Lie("altered", "Keys rest on Sundays at dawn.", "Signing keys rest on Sundays at dawn.")
    async with composed_reader(world, provider.api_base, unsupported_claims="mark") as reader:
        provider.script = Fabricator(lie)
        done = await reader.ask(QUESTION, agent=world.agent)
    said, apart = done["answer"].split("No source supports this:")
    assert lie.text not in said
    assert f"- {lie.text} (" in apart
    assert (done["coverage"]["total"], done["coverage"]["supported"]) == (2, 1)
    [shown] = [one for one in done["coverage"]["sentences"] if not one["supported"]]
    assert (shown["text"], shown["citations"]) == (lie.text, [])
