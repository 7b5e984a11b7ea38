"""What must hold when Qdrant's process ends, and while many talk to it: owner and real server."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from tests.doubles.qdrant_servers import QdrantServer, client_of, running

API_KEY = "a-key-for-tests"
ALIAS = "agent_production"
COLOURS = ("agent_blue", "agent_green")


@pytest.fixture(scope="module", params=["owner", "server"])
def process(request: pytest.FixtureRequest) -> Iterator[QdrantServer]:
    with running(request.param, API_KEY) as server:
        yield server


@pytest.fixture(scope="module")
def owner() -> Iterator[QdrantServer]:
    with running("owner") as server:
        yield server


@pytest.fixture
def server(process: QdrantServer) -> Iterator[QdrantServer]:
    """One that runs and is empty again afterwards."""
    yield process
    with process.client() as client:
        for collection in client.get_collections().collections:
            client.delete_collection(collection.name)


def make(client: QdrantClient, name: str, points: int = 50, **options: object) -> None:
    vector = models.VectorParams(size=4, distance=models.Distance.COSINE)
    client.create_collection(name, vectors_config={"dense": vector}, **options)
    if points:
        write(client, name, range(points))


def write(client: QdrantClient, name: str, numbers: range) -> None:
    client.upsert(
        name,
        [
            models.PointStruct(id=n, vector={"dense": [1.0, n, 1.0, 0.0]}, payload={"in": name})
            for n in numbers
        ],
        wait=True,
    )


def point_alias(client: QdrantClient, name: str) -> None:
    create = models.CreateAlias(collection_name=name, alias_name=ALIAS)
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=create)])


def count(server: QdrantServer, name: str) -> int:
    with server.client() as client:
        return client.count(name).count


def test_a_clean_restart_keeps_everything(server: QdrantServer):
    with server.client() as client:
        make(client, "kept")
        client.create_payload_index("kept", "in", "keyword", wait=True)
        point_alias(client, "kept")
        assert server.stop() == 0
        server.start()
        assert client.count(ALIAS).count == 50  # the same client connects again
        (first,) = client.query_points("kept", [1.0, 0.0, 1.0, 0.0], using="dense", limit=1).points
        assert (first.id, first.payload) == (0, {"in": "kept"})
        assert "in" in client.get_collection("kept").payload_schema
        write(client, "kept", range(50, 60))
        assert client.count(ALIAS).count == 60


def test_what_was_answered_survives_a_kill(server: QdrantServer):
    """Each change is followed at once by kill -9: no time for any flush of ours."""

    def kill_after(change: Callable[[QdrantClient], object]) -> None:
        with server.client() as client:
            change(client)
            server.kill()
        server.start()

    with server.client() as client:
        make(client, "kept", points=0)
    kill_after(lambda client: write(client, "kept", range(200)))
    assert count(server, "kept") == 200
    kill_after(
        lambda client: (
            client.delete("kept", list(range(100)), wait=True),
            point_alias(client, "kept"),
        )
    )
    assert count(server, ALIAS) == 100
    kill_after(lambda client: client.delete_collection("kept"))
    with server.client() as client:
        assert client.get_collections().collections == []
        assert client.get_aliases().aliases == []


@pytest.mark.parametrize("shown", [None, "", "another-key", API_KEY[:-1]])
def test_the_key_is_asked_for(server: QdrantServer, shown: str | None):
    assert httpx.get(f"{server.url}/readyz").status_code == 200
    client = client_of(server.url, shown)
    with pytest.raises(ApiException) as refused:
        client.get_collections()
    client.close()
    assert isinstance(refused.value, UnexpectedResponse)
    assert refused.value.status_code == 401
    answer = httpx.put(f"{server.url}/collections/x", json={}, headers={"api-key": shown or ""})
    assert answer.status_code == 401


def test_the_key_may_be_a_bearer_token(server: QdrantServer):
    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert httpx.get(f"{server.url}/collections", headers=headers).status_code == 200


def test_readers_see_one_colour_per_answer_while_the_alias_moves(server: QdrantServer):
    def see(client: QdrantClient) -> frozenset[str]:
        query = [1.0, 2.0, 1.0, 0.0]
        found = client.query_points(ALIAS, query, using="dense", limit=20).points
        return frozenset(one.payload["in"] for one in found if one.payload)

    with server.client() as writer:
        for colour in COLOURS:
            make(writer, colour)
        point_alias(writer, COLOURS[0])
        with Readers(server, see) as readers:
            for turn in range(20):
                live, spare = COLOURS[(turn + 1) % 2], COLOURS[turn % 2]
                point_alias(writer, live)
                readers.wait_for_another_answer()
                writer.delete(spare, list(range(10)), wait=True)
                write(writer, spare, range(10))
    assert readers.errors == []
    assert set(readers.seen) == {frozenset([colour]) for colour in COLOURS}


def test_a_dropped_collection_lets_its_readers_finish(owner: QdrantServer):
    with owner.client() as writer:
        make(writer, COLOURS[0])
        point_alias(writer, COLOURS[0])
        with Readers(owner, lambda client: client.count(ALIAS).count) as readers:
            for turn in range(10):
                old, new = COLOURS[turn % 2], COLOURS[(turn + 1) % 2]
                make(writer, new)
                point_alias(writer, new)
                writer.delete_collection(old)
                readers.wait_for_another_answer()
    assert readers.errors == []
    assert set(readers.seen) == {50}
    shards = list((owner.folder / "owner" / "shards").iterdir())
    assert len(shards) <= 2  # the live one, and perhaps one that is just being removed


def test_an_index_is_built_beside_reading_and_writing(owner: QdrantServer):
    threshold = models.OptimizersConfigDiff(indexing_threshold=1)  # kilobytes
    with owner.client() as client:
        make(client, "large", 0, optimizers_config=threshold)

        def nearest(reader: QdrantClient) -> object:
            query = [1.0, 5.0, 1.0, 0.0]
            return reader.query_points("large", query, using="dense", limit=1).points[0].id

        write(client, "large", range(200))
        with Readers(owner, nearest) as readers:
            for start in range(200, 3000, 50):
                write(client, "large", range(start, start + 50))
                client.delete("large", [start], wait=True)
            readers.wait_until(lambda: indexed(client) > 2500)
        assert readers.errors == []
        assert set(readers.seen) <= set(range(3, 8))  # the index is approximate
        kept = sorted(set(range(3000)) - set(range(200, 3000, 50)))
        points, _ = client.scroll("large", limit=3000, with_payload=False)
        assert [one.id for one in points] == kept
        owner.kill()
        owner.start()
        assert client.count("large").count == len(kept)
        assert indexed(client) > 2500


def indexed(client: QdrantClient) -> int:
    return client.get_collection("large").indexed_vectors_count or 0


def test_a_second_owner_is_refused_and_the_first_goes_on(owner: QdrantServer):
    with owner.client() as client:
        make(client, "mine")
        data = str(owner.folder / "owner")
        second = subprocess.run(
            [sys.executable, "-m", "kb.embedded.qdrant_owner", "--data", data, "--port", "0"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert second.returncode != 0
        assert owner.process
        assert f"pid {owner.process.pid}" in second.stderr
        assert "Traceback" not in second.stderr
        write(client, "mine", range(50, 100))
    owner.kill()
    owner.start()
    assert count(owner, "mine") == 100


def test_a_broken_shard_is_named_and_takes_no_other_along(owner: QdrantServer):
    shards = owner.folder / "owner" / "shards"
    with owner.client() as client:
        make(client, "sound")
        before = {shard.name for shard in shards.iterdir()}
        make(client, "broken")
        (spoiled,) = (shard for shard in shards.iterdir() if shard.name not in before)
        owner.kill()
        (spoiled / "edge_config.json").write_text("{")
        (shards / "left_by_a_crash").mkdir()
        owner.start()
        assert client.count("sound").count == 50
        with pytest.raises(UnexpectedResponse, match="`broken` could not be opened"):
            client.count("broken")
        assert client.delete_collection("broken")
        make(client, "broken")
        assert client.count("broken").count == 50
    assert not (shards / "left_by_a_crash").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0", "--port", "0"], "any address but loopback needs a key"),  # noqa: S104
        (["--port", "{taken}"], "cannot listen there"),
        (["--port", "0", "--api-key-file", "/nowhere"], "/nowhere"),
    ],
)
def test_an_owner_that_cannot_start_says_why(
    owner: QdrantServer, tmp_path: object, arguments: list[str], told: str
):
    filled_in = [one.format(taken=owner.port) for one in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "kb.embedded.qdrant_owner", "--data", str(tmp_path), *filled_in],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


class Readers:
    """Three threads that ask again and again, each with its own client."""

    def __init__(self, server: QdrantServer, ask: Callable[[QdrantClient], object]) -> None:
        self.seen: list[object] = []
        self.errors: list[str] = []
        self._server = server
        self._ask = ask
        self._over = threading.Event()
        self._answered = threading.Condition()
        self._threads = [threading.Thread(target=self._read) for _ in range(3)]

    def __enter__(self) -> "Readers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for_another_answer(self) -> None:
        """Wait for one that was asked for after now: every reader may have one on its way."""
        before = len(self.seen) + len(self.errors)
        self.wait_until(lambda: len(self.seen) + len(self.errors) > before + len(self._threads))

    def wait_until(self, holds: Callable[[], bool]) -> None:
        with self._answered:
            assert self._answered.wait_for(holds, timeout=60)

    def _read(self) -> None:
        with ExitStack() as stack:
            client = stack.enter_context(self._server.client())
            while not self._over.is_set():
                try:
                    self.seen.append(self._ask(client))
                except Exception as error:  # noqa: BLE001 - whatever goes wrong is what we look for
                    self.errors.append(f"{type(error).__name__}: {error}")
                with self._answered:
                    self._answered.notify_all()
