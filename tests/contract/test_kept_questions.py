"""Questions that were answered, in our owner process and in the real server: found, kept apart, and forgotten."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from qdrant_client import AsyncQdrantClient

from graph.gateways.answer_cache.similar import SimilarQuestions
from tests.doubles.qdrant_servers import running

NEAR = [1.0, 0.1, 0.0, 0.0]
FAR = [0.0, 0.0, 1.0, 0.0]
pytestmark = pytest.mark.stack


@pytest.fixture(params=["owner", "server"])
async def kept(request: pytest.FixtureRequest) -> AsyncIterator[SimilarQuestions]:
    with running(request.param) as server:
        client = AsyncQdrantClient(url=server.url, check_compatibility=False)
        yield SimilarQuestions(client, "default", "model-of-the-test")
        await client.close()


def entry() -> str:
    return str(uuid.uuid4())


async def test_a_near_question_of_the_same_scope_is_found_nearest_first(
    kept: SimilarQuestions,
) -> None:
    near, nearer, far, others = (entry() for _ in range(4))
    assert await kept.near("scope", NEAR) == []  # there is no collection yet
    await kept.keep(near, "scope", [1.0, 0.4, 0.0, 0.0])
    await kept.keep(nearer, "scope", NEAR)
    await kept.keep(far, "scope", FAR)
    await kept.keep(others, "another", NEAR)
    assert await kept.near("scope", NEAR) == [nearer, near]
    assert await kept.near("another", NEAR) == [others]
    await kept.forget([nearer])
    await kept.forget([nearer, entry()])
    assert await kept.near("scope", NEAR) == [near]


async def test_several_processes_may_be_the_first(kept: SimilarQuestions) -> None:
    rivals = [SimilarQuestions(kept.qdrant, kept.workspace, kept.model) for _ in range(6)]
    entries = [entry() for _ in rivals]
    await asyncio.gather(
        *(one.keep(name, "scope", NEAR) for one, name in zip(rivals, entries, strict=True))
    )
    found = await kept.near("scope", NEAR)
    assert set(found) == set(entries)


async def test_a_collection_that_somebody_deleted_is_made_again(kept: SimilarQuestions) -> None:
    await kept.keep(entry(), "scope", NEAR)
    await kept.qdrant.delete_collection(kept.collection)
    assert await kept.near("scope", NEAR) == []
    await kept.keep(entry(), "scope", NEAR)  # this one notices
    last = entry()
    await kept.keep(last, "scope", NEAR)
    assert last in await kept.near("scope", NEAR)
