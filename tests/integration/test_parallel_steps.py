"""Steps that ask one agent at once go to Qdrant together, each with its own rights and its own answer."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from graph.gateways.vector_search import VectorSearch
from graph.retrieval.rights import Rights
from kb_contract.asked_question import Aim
from kb_contract.errors import NotServed
from kb_contract.identifiers import production_alias
from kb_contract.ranking import Candidate
from kb_contract.sparse_words import question_weights
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.live_reader import counting_qdrant
from tests.doubles.writer_world import WriterWorld

THINGS = ("badge", "ladder", "lantern", "kettle", "anchor", "violin", "compass", "saddle")
PAGES = {f"{one}.md": f"# The {one}\n\nThe {one} hangs in the hall.\n" for one in THINGS}
SECRET = "---\naudience: [board]\n---\n# Vault\n\nThe vault opens at nine.\n"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish({**PAGES, "vault.md": SECRET, "agent.yaml": "gate: {canary: 'off'}\n"})
    return world


def aim(text: str) -> Aim:
    [read] = HashEmbedder().read([text])
    return Aim(read.vector, question_weights(text), 3)


def nearest(found: Sequence[Candidate]) -> Candidate:
    return max(found, key=lambda one: one.cosine)


async def test_eight_steps_make_one_trip_and_find_what_each_finds_alone(world: WriterWorld) -> None:
    qdrant = counting_qdrant(world)
    search, alias = VectorSearch(qdrant), production_alias("default", world.agent)
    everyone = Rights(("everyone",), NOW).permitted(world.agent)
    board = Rights(("everyone", "board"), NOW).permitted(world.agent)
    asked = [(aim(f"Where does the {one} hang?"), everyone) for one in THINGS]
    asked += [(aim("When does the vault open?"), who) for who in (everyone, board)]
    alone = [await search.candidates(alias, only, [one]) for one, only in asked]
    assert qdrant.trips == len(asked)
    together = await asyncio.gather(*(search.candidates(alias, only, [one]) for one, only in asked))
    assert qdrant.trips == len(asked) + 1
    # Of passages that are equally near any may come, so the nearest is looked at.
    assert [nearest(found) for found in together[:-2]] == [nearest(found) for found in alone[:-2]]
    ids = [{one.chunk_id for one in found} for found in together]
    [vault] = ids[-1] - ids[-2] - set().union(*ids[:-2])
    assert all(vault not in one for one in ids[:-1]), (
        "whoever travels along keeps to its own rights"
    )
    await qdrant.close()


async def test_an_alias_that_nobody_serves_is_said_to_each(world: WriterWorld) -> None:
    qdrant = counting_qdrant(world)
    search = VectorSearch(qdrant)
    only = Rights(("everyone",), NOW).permitted("nobody")
    told = await asyncio.gather(
        *(search.candidates("default__nobody", only, [aim(one)]) for one in THINGS[:3]),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [NotServed] * 3
    await qdrant.close()
