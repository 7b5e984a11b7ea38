"""The owner refuses what it does not do, and names it; nothing that is asked is dropped silently."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient, models
from qdrant_client.common.version_check import is_compatible
from qdrant_client.http.exceptions import UnexpectedResponse

from tests.doubles.qdrant_servers import QdrantServer, running

NAME = "refusals"
POINTS = f"/collections/{NAME}/points"


@pytest.fixture(scope="module")
def owner() -> Iterator[QdrantServer]:
    with running("owner") as server, server.client() as client:
        vector = models.VectorParams(size=2, distance=models.Distance.COSINE)
        client.create_collection(NAME, vectors_config={"dense": vector})
        client.upsert(
            NAME, [models.PointStruct(id=1, vector={"dense": [1.0, 0.0]}, payload={"n": 1})]
        )
        yield server


@pytest.fixture(scope="module")
def http(owner: QdrantServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=owner.url) as client:
        yield client


@pytest.fixture
def client(owner: QdrantServer) -> Iterator[QdrantClient]:
    with owner.client() as client:
        yield client


FILTER = {"must": [{"key": "n", "match": {"value": 1}}]}
UNSUPPORTED: list[tuple[str, str, Any, str]] = [
    ("PUT", POINTS, {"points": [], "update_filter": FILTER}, "update_filter"),
    ("PUT", POINTS, {"batch": {}, "points": []}, "batch"),
    ("PUT", POINTS, {"points": [], "shard_key": "a"}, "shard_key"),
    ("POST", f"{POINTS}/scroll", {"order_by": "n"}, "order_by"),
    ("POST", f"{POINTS}/query", {"query": {"rrf": {"k": 2, "weights": [1.0]}}}, "query.rrf.weights"),
    ("POST", f"{POINTS}/query", {"query": {"recommend": {"positive": [1]}}}, "query.recommend"),
    ("POST", f"{POINTS}/query", {"query": {"fusion": "dbsf"}}, "dbsf"),
    ("POST", f"{POINTS}/query", {"query": 1}, "id of a point"),
    ("POST", f"{POINTS}/query", {"lookup_from": {"collection": "x"}}, "lookup_from"),
    ("POST", f"{POINTS}/query", {"params": {"quantization": {"ignore": True}}}, "params.quantization"),
    ("POST", f"{POINTS}/count", {"filter": {"must": [{"has_vector": "dense"}]}}, "has_vector"),
    ("POST", f"{POINTS}/count", {"filter": {"min_should": {}}}, "filter.min_should"),
    ("POST", f"{POINTS}/count",
     {"filter": {"must": {"key": "n", "geo_radius": {}}}}, "filter.must.geo_radius"),
    ("PUT", "/collections/other", {"quantization_config": {"scalar": {}}}, "quantization_config"),
    ("PUT", f"/collections/{NAME}/index",
     {"field_name": "n", "field_schema": {"type": "text", "tokenizer": "word"}}, "tokenizer"),
    ("PATCH", f"/collections/{NAME}", {"hnsw_config": {"m": 8}}, "hnsw_config"),
    ("PATCH", f"{POINTS}", {}, f"PATCH {POINTS}"),
    ("POST", f"{POINTS}/query/groups", {}, "query/groups"),
    ("PUT", f"{POINTS}/vectors", {}, "points/vectors"),
    ("POST", f"/collections/{NAME}/snapshots", {}, "snapshots"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "told"), UNSUPPORTED)
def test_a_feature_that_is_not_there(
    http: httpx.Client, method: str, path: str, body: Any, told: str
):
    answer = http.request(method, path, json=body)
    assert answer.status_code == 501
    assert told in answer.json()["status"]["error"]


WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", f"{POINTS}/count", {"filtre": {}}, "`filtre`: unknown field"),
    ("POST", f"{POINTS}/count", {"filter": {"must": [{"kee": "n"}]}}, "`filter.must[0].kee`"),
    ("POST", f"{POINTS}/count", {"filter": {"must": [{"key": "n"}]}}, "`filter.must[0]`"),
    ("POST", f"{POINTS}/count", {"filter": {"must": [{"key": "n", "match": {"value": 1.5}}]}}, "value"),
    ("POST", f"{POINTS}/count", {"filter": {"must": [{"key": "n", "range": {}}]}}, "range"),
    ("POST", f"{POINTS}/count",
     {"filter": {"must": [{"key": "n", "range": {"gte": "yesterday"}}]}}, "date"),
    ("POST", f"{POINTS}/count", {"filter": {"must": [{"key": "a[[", "match": {"value": 1}}]}}, "a[["),
    ("POST", f"{POINTS}/count?shard=1", {}, "unknown query parameter `shard`"),
    ("POST", f"{POINTS}/scroll", {"limit": 0}, "`limit`"),
    ("POST", f"{POINTS}/scroll", {"limit": True}, "`limit`"),
    ("POST", f"{POINTS}/query", {"query": [1.0], "using": "dense"}, "expected dim: 2, got 1"),
    ("POST", f"{POINTS}/query", {"query": {"fusion": "rrf"}}, "prefetch"),
    ("POST", f"{POINTS}/delete", {}, "either `points` or `filter`"),
    ("POST", f"{POINTS}/delete", {"points": [1], "filter": {}}, "either `points` or `filter`"),
    ("PUT", POINTS, {"points": [{"id": -1, "vector": {}}]}, "`points[0].id`"),
    ("PUT", POINTS, {"points": [{"id": "abc", "vector": {}}]}, "`points[0].id`"),
    ("PUT", POINTS, {"points": [{"id": 2, "vector": [1.0, 0.0]}]}, "`points[0].vector`"),
    ("PUT", POINTS, {"points": [{"id": 2, "vector": {"sparse": {"indices": [1, 1], "values": [1, 1]}}}]},
     "must be unique"),
    ("POST", "/collections/aliases", {"actions": [{}]}, "`actions[0]`"),
    ("PUT", "/collections/a*b", {}, "cannot name a collection"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "told"), WRONG)
def test_a_request_that_is_wrong(http: httpx.Client, method: str, path: str, body: Any, told: str):
    answer = http.request(method, path, json=body)
    assert answer.status_code == 400
    assert told in answer.json()["status"]["error"]


@pytest.mark.parametrize("body", ["{", '{"filter": ', "[]", '"\\ud800"', '{"limit": NaN}'])
def test_a_body_that_is_no_object(http: httpx.Client, body: str):
    headers = {"content-type": "application/json"}
    answer = http.post(f"{POINTS}/scroll", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["status"]["error"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
@pytest.mark.parametrize(
    "rest", ['"vector": {"dense": [NUMBER, 0]}', '"vector": {}, "payload": {"a": [NUMBER]}']
)
def test_a_number_that_json_cannot_say(http: httpx.Client, number: str, rest: str):
    body = '{"points": [{"id": 2, ' + rest.replace("NUMBER", number) + "}]}"
    answer = http.put(POINTS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert http.post(f"{POINTS}/count", json={}).json()["result"] == {"count": 1}


def test_a_web_page_cannot_send_what_it_may_send_without_asking(http: httpx.Client):
    sent = http.post(
        f"{POINTS}/delete", content='{"filter": {}}', headers={"content-type": "text/plain"}
    )
    assert sent.status_code == 415
    assert http.post(f"{POINTS}/count", json={}).json()["result"] == {"count": 1}


def test_a_body_larger_than_qdrant_takes(http: httpx.Client):
    large = b'{"points": ["' + b"x" * (32 * 1024 * 1024) + b'"]}'
    sent = http.put(POINTS, content=large, headers={"content-type": "application/json"})
    assert sent.status_code == 413


def test_nulls_are_as_good_as_nothing(http: httpx.Client):
    nulls = dict.fromkeys(
        ("filter", "shard_key", "order_by", "offset", "with_payload", "with_vector")
    )
    answer = http.post(f"{POINTS}/scroll", json=nulls)
    assert [one["id"] for one in answer.json()["result"]["points"]] == [1]


def test_a_batch_with_one_bad_point_writes_none_of_it(client: QdrantClient):
    good = models.PointStruct(id=7, vector={"dense": [1.0, 0.0]})
    bad = models.PointStruct(id=8, vector={"dense": [1.0, 0.0, 0.0]})
    with pytest.raises(UnexpectedResponse, match="expected dim: 2, got 3"):
        client.upsert(NAME, [good, bad])
    assert client.retrieve(NAME, [7, 8]) == []


def test_the_client_finds_our_version_compatible(client: QdrantClient):
    assert is_compatible(version("qdrant-client"), client.info().version)
