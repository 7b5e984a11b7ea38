"""What two workspaces on one Postgres call alike is two things: neither takes it from the other, nor learns of it."""

import psycopg
from pydantic import SecretStr

from graph.gateways.operations import RequestedOperations
from graph.gateways.postgres import LazyPool
from tests.doubles.two_tenants import make_key, tenant


async def test_the_same_idempotency_key_is_two_requests(database_url: str):
    told: list[int] = []
    for workspace, agents in (("a", ["hr"]), ("b", ["it"])):
        async with tenant(database_url, workspace) as one:
            key = make_key(database_url, workspace, "operator")
            for _ in range(2):
                asked = await one.http.post(
                    "/knowledge/ingest", json={"agents": agents},
                    headers={"X-Api-Key": key, "Idempotency-Key": "nightly"},
                )  # fmt: skip
                told.append(asked.status_code)
            shown = await one.call("GET", "/knowledge/operations/nightly", key)
            assert shown.json()["arguments"]["agents"] == agents
    assert told == [202, 200, 202, 200]


async def test_the_same_deed_of_two_workspaces_is_done_in_both(database_url: str):

    pool = LazyPool(SecretStr(database_url))
    for workspace in ("a", "b"):
        await RequestedOperations(pool, workspace).perform(
            "refresh_knowledge", {"agent_id": "hr"}, key="thread-1/s1"
        )
    await pool.close()
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "select workspace_id from ops.requested_operations order by 1"
        ).fetchall()
    assert found == [("a",), ("b",)]
