"""Two workspaces on one Postgres, each with server and worker: neither does the other's work."""

import asyncio

import httpx
import psycopg

from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.two_tenants import make_key
from tests.doubles.whole_reader import reader_settings, whole_reader


def knows(days: int) -> InMemoryKnowledge:
    knowledge = InMemoryKnowledge()
    knowledge.add_document(
        "hr", "leave.md", f"# Leave\nEmployees have {days} days of leave a year."
    )
    return knowledge


async def ask(url: str, key: str) -> dict[str, str]:
    body = {"question": "How many days of leave do employees have?", "wait": True}
    async with httpx.AsyncClient(headers={"X-Api-Key": key}, timeout=60) as http:
        return (await http.post(f"{url}/orchestrate", json=body)).raise_for_status().json()


async def test_each_worker_takes_its_own(database_url: str):
    a = reader_settings(database_url, kb_auth="required", workspace_id="a")
    b = reader_settings(database_url, kb_auth="required", workspace_id="b")
    keys = {one: make_key(database_url, one, "asker") for one in ("a", "b")}
    async with whole_reader(a, knows(28)) as first, whole_reader(b, knows(31)) as second:
        asked = [ask(first, keys["a"]) if n % 2 else ask(second, keys["b"]) for n in range(8)]
        told = await asyncio.gather(*asked)
    for n, one in enumerate(told):
        assert ("28 days" if n % 2 else "31 days") in one["answer"]
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select workspace_id, count(*), min(owner) from ops.threads group by 1 order by 1"
        ).fetchall()
    assert rows == [("a", 4, "ann"), ("b", 4, "ann")]
