"""Asking the writer over HTTP, and what became of it."""

from typing import Any

import dagster as dg
import httpx
import psycopg
import pytest

from dagster_kb.triggers.approved_operations import OPERATION
from tests.doubles.writer_world import QUIET, WriterWorld, why


def look(world: WriterWorld) -> list[dg.RunRequest]:
    """One tick of the sensor that takes requests."""
    sensor = world.definitions.get_sensor_def("approved_operations")
    tick: Any = sensor(
        dg.build_sensor_context(instance=world.instance, resources=world.looked_with)
    )
    return [] if isinstance(tick, dg.SkipReason) else tick.run_requests or []


async def test_asked_over_http_the_writer_builds_and_says_so(
    http: httpx.AsyncClient, world: WriterWorld
):
    world.commit({"keys.md": "# Keys\n\nWords of keys.\n"})
    world.instance.add_dynamic_partitions("agents", [world.agent])
    headers = {"Idempotency-Key": "night-7", "X-User": "ann"}
    body = {"agents": [world.agent], "force": True}
    asked = await http.post("/knowledge/ingest", json=body, headers=headers)
    assert (asked.status_code, asked.json()["new"], asked.json()["status"]) == (
        202,
        True,
        "requested",
    )
    again = await http.post("/knowledge/ingest", json=body, headers=headers)
    assert (again.status_code, again.json()["new"]) == (200, False)
    (wanted,) = look(world)
    assert (wanted.partition_key, wanted.tags[OPERATION]) == (world.agent, "night-7")
    result = world.definitions.resolve_job_def(wanted.job_name).execute_in_process(
        partition_key=wanted.partition_key, instance=world.instance, tags=wanted.tags,
        run_config={**wanted.run_config, "loggers": QUIET}, raise_on_error=False,
    )  # fmt: skip
    assert result.success, why(result)
    assert look(world) == []
    state = (await http.get("/knowledge/operations/night-7")).json()
    assert (state["status"], state["requested_by"]) == ("done", "ann")
    assert state["result"] == {"dagster_runs": {world.agent: result.run_id}}
    listed = (await http.get(f"/knowledge/{world.agent}/generations")).json()["generations"]
    assert [(one["state"], one["trigger"], one["requested_by"]) for one in listed] == [
        ("live", "api", "ann")
    ]


async def test_a_key_is_one_request(http: httpx.AsyncClient):
    headers = {"Idempotency-Key": "k1"}
    assert (await http.post("/knowledge/ingest", json={}, headers=headers)).status_code == 202
    other = await http.post("/knowledge/ingest", json={"force": True}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (409, "conflict")
    one, two = [await http.post("/knowledge/ingest", json={}) for _ in range(2)]
    assert one.json()["key"] != two.json()["key"]


async def test_an_approved_operation_is_not_taken_for_a_request(
    http: httpx.AsyncClient, database_url: str
):
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "insert into ops.requested_operations (key, action, arguments, requested_by)"
            " values ('q1/s1', 'refresh_knowledge', '{}', 'graph')"
        )
    headers = {"Idempotency-Key": "q1/s1"}
    assert (await http.post("/knowledge/ingest", json={}, headers=headers)).status_code == 409
    assert (await http.get("/knowledge/operations/q1/s1")).json()["action"] == "refresh_knowledge"


@pytest.mark.parametrize("body", [
    {"agents": []}, {"agents": ["../x"]}, {"agents": "a"}, {"agents": ["a"] * 1001},
    {"force": "perhaps"}, {"folder": "/etc"}, [], "x", {"agents": [None]},
])  # fmt: skip
async def test_what_cannot_be_asked_is_said(http: httpx.AsyncClient, body: Any):
    answer = await http.post("/knowledge/ingest", json=body)
    assert (answer.status_code, answer.json()["type"]) == (422, "invalid")


async def test_what_is_not_there_is_404(http: httpx.AsyncClient):
    for path in ("/knowledge/operations/none", "/knowledge/nobody/generations"):
        assert (await http.get(path)).status_code == 404
    odd = await http.post("/knowledge/ingest", json={}, headers={"Idempotency-Key": "a b"})
    assert odd.status_code == 422


async def test_an_agent_may_be_called_operations(http: httpx.AsyncClient):
    answer = await http.get("/knowledge/operations/generations")
    assert "agent operations never had a generation" in answer.json()["message"]


async def test_generations_are_read_by_a_role_that_can_only_read(
    http: httpx.AsyncClient, database_url: str
):
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("revoke select on kb.generations from kb_reader")
        assert (await http.get("/knowledge/a/generations")).status_code >= 500
        connection.execute("grant select on kb.generations to kb_reader")
    assert (await http.get("/knowledge/a/generations")).status_code == 404
