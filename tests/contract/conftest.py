"""The Qdrants that are held to one contract, with collections of known points."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from qdrant_client import QdrantClient, models

from tests.doubles.known_points import POINTS, Backend, point
from tests.doubles.qdrant_servers import running


@pytest.fixture(scope="session", params=["owner", "memory", "server"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "memory":
        client = QdrantClient(":memory:")
        yield Backend("memory", client)
        client.close()
        return
    with running(request.param) as server, server.client() as client:
        yield Backend(request.param, client)


@pytest.fixture
def new_collection(backend: Backend) -> Iterator[Callable[[], str]]:
    made: list[str] = []

    def make() -> str:
        name = f"contract_{uuid.uuid4().hex[:10]}"
        backend.client.create_collection(
            name,
            vectors_config={"dense": models.VectorParams(size=4, distance=models.Distance.COSINE)},
            sparse_vectors_config={
                "sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)
            },
        )
        made.append(name)
        return name

    yield make
    for name in made:
        backend.client.delete_collection(name)


@pytest.fixture
def filled(backend: Backend, new_collection: Callable[[], str]) -> str:
    name = new_collection()
    backend.client.upsert(name, [point(n) for n in range(POINTS)], wait=True)
    return name
