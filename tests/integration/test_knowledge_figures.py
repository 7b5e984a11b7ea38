"""What the writer made, as Prometheus reads it: of the agents that a key may see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from kb_contract.identifiers import DEFAULT_WORKSPACE
from tests.conftest import free_port
from tests.doubles.composed_reader import composed_reader
from tests.doubles.two_tenants import make_key
from tests.doubles.whole_reader import serving
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGES = {
    "agent.yaml": "gate: {canary: 'off', max_shrink: 1.0}\n",
    "key.md": "# Key\n\nThe archive key is changed every ten days.\n",
    "bad.md": b"# Bad\n\n\xff\xfe\x00\x00broken\x00",
}


@asynccontextmanager
async def served(world: WriterWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        composed_reader(world, kb_auth="required", api_port=free_port()) as reader,
        serving(reader.settings, reader.outside) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield client


async def figures(client: httpx.AsyncClient, key: str) -> dict[str, dict[str, float]]:
    said = (await client.get("/metrics", headers={"X-Api-Key": key})).text
    found: dict[str, dict[str, float]] = {}
    for line in said.splitlines():
        if line.startswith("scriptorium_knowledge{"):
            _, agent, _, figure, value = line.split('"')
            found.setdefault(agent, {})[figure] = float(value.rpartition(" ")[2])
    return found


async def test_each_agent_says_what_it_serves_and_how_its_last_run_went(world: WriterWorld) -> None:
    live = world.publish(PAGES)
    key = make_key(world.settings.database_url.get_secret_value(), DEFAULT_WORKSPACE, "viewer")
    async with served(world) as client:
        [said] = [await figures(client, key)]
        mine = said[world.agent]
        assert (mine["generation"], mine["documents"], mine["chunks"]) == (
            live.number, live.documents, live.chunks,
        )  # fmt: skip
        assert mine["quarantined"] == live.quarantined == 1
        assert (mine["paused"], mine["incidents"], mine["last_run_failed"]) == (0, 0, 0)
        assert mine["live_seconds"] >= 0
        assert mine["last_run_seconds"] > 0
        world.ledger.incidents.pause(world.agent, "look at it", by="ann")
        assert (await figures(client, key))[world.agent]["paused"] == 1


async def test_a_key_of_other_agents_reads_nothing_of_this_one(world: WriterWorld) -> None:
    world.publish(PAGES)
    other = make_key(
        world.settings.database_url.get_secret_value(),
        DEFAULT_WORKSPACE,
        "viewer",
        agents=["somebody_else"],
    )
    async with served(world) as client:
        assert await figures(client, other) == {}
