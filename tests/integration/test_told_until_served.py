"""From the word of a git server, or of whoever asks over HTTP, to words that are served."""

import asyncio
import json
from typing import Any

import dagster as dg
import httpx
from pydantic import SecretStr

from graph.server.app import create_app
from graph.settings import ReaderSettings
from kb_contract.identifiers import production_alias
from tests.doubles.demo_graphs import GRAPHS
from tests.doubles.http_of_app import http_of
from tests.doubles.writer_world import QUIET, WriterWorld, why
from tests.integration.test_server_hooks import HUB, SECRET, github

RUN_KEY = "dagster/run_key"


class Dagster:
    """Ticks the sensors of a writer, and executes here what they ask for, each key once."""

    def __init__(self, world: WriterWorld) -> None:
        self.world = world
        self.cursors: dict[str, str | None] = {}

    def tick(self, sensor: str) -> dict[str, str]:
        """Return the runs that came of it, by agent; each has succeeded."""
        world = self.world
        context = dg.build_sensor_context(
            instance=world.instance, cursor=self.cursors.get(sensor),
            resources=world.looked_with,
        )  # fmt: skip
        result = world.definitions.get_sensor_def(sensor)(context)
        assert isinstance(result, dg.SensorResult)
        self.cursors[sensor] = result.cursor or self.cursors.get(sensor)
        for one in result.dynamic_partitions_requests or []:
            assert isinstance(one, dg.AddDynamicPartitionsRequest)
            world.instance.add_dynamic_partitions("agents", one.partition_keys)
        return {one.tags["kb/agent"]: run for one in result.run_requests or []
                if (run := self._execute(one))}  # fmt: skip

    def _execute(self, asked: dg.RunRequest) -> str | None:
        key, world = {RUN_KEY: str(asked.run_key)}, self.world
        if world.instance.get_runs(dg.RunsFilter(tags=key)):
            return None
        done = world.definitions.resolve_job_def(str(asked.job_name)).execute_in_process(
            partition_key=asked.partition_key, instance=world.instance, raise_on_error=False,
            run_config={**asked.run_config, "loggers": QUIET}, tags={**asked.tags, **key},
        )  # fmt: skip
        assert done.success, why(done)
        return done.run_id


def over_http(database_url: str, method: str, path: str, **more: Any) -> httpx.Response:
    """Ask a server of its own, as whoever asks later does."""

    async def ask() -> httpx.Response:
        settings = ReaderSettings(
            database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1",
            git_webhook_secret=SecretStr(SECRET),
        )  # fmt: skip
        async with http_of(create_app(settings, GRAPHS)) as http:
            return await http.request(method, path, **more)

    return asyncio.run(ask())


def test_a_signed_push_ends_in_served_words_and_names_its_run(
    world: WriterWorld, database_url: str
):
    sha = world.commit({"x.md": "# X\n\nWords of the push.\n"})
    body = json.dumps({**HUB, "after": sha}).encode()
    told = over_http(database_url, "POST", "/hooks/git", content=body, headers=github(body))
    assert told.status_code == 202
    dagster = Dagster(world)
    runs = dagster.tick("knowledge_changes")
    assert list(runs) == [world.agent]
    assert world.served_texts() == {"# X\n\nWords of the push."}
    assert dagster.tick("knowledge_changes") == {}
    shown = over_http(database_url, "GET", f"/hooks/git/{told.json()['delivery_id']}").json()
    assert shown["dagster_runs"] == [runs[world.agent]]
    [run] = world.ledger.generations.pipeline_runs(world.agent)
    assert (run["trigger"], run["requested_by"]) == ("webhook", "ann")


def test_what_is_asked_for_over_http_ends_in_served_words(world: WriterWorld, database_url: str):
    world.commit({"x.md": "# X\n\nWords that were asked for.\n"})
    asked = over_http(
        database_url, "POST", "/knowledge/ingest", json={"agents": [world.agent]},
        headers={"Idempotency-Key": "tonight"},
    )  # fmt: skip
    assert asked.status_code < 300, asked.text
    dagster = Dagster(world)
    runs = dagster.tick("approved_operations")
    assert world.served_texts() == {"# X\n\nWords that were asked for."}
    assert dagster.tick("approved_operations") == {}
    told = over_http(database_url, "GET", "/knowledge/operations/tonight").json()
    assert told["status"] == "done"
    assert told["result"]["dagster_runs"] == runs


def test_an_added_agent_touches_no_other(world: WriterWorld):
    others, added = [f"{world.agent}_{one}" for one in "ab"], f"{world.agent}_c"
    for one in others:
        world.write({"x.md": f"# X\n\nWords of {one}.\n"}, one)
    world.repository.commit()
    dagster = Dagster(world)
    assert list(dagster.tick("knowledge_changes")) == others
    before = {one: world.ledger.generations.live(one) for one in others}
    world.write({"x.md": f"# X\n\nWords of {added}.\n"}, added)
    world.repository.commit()
    world.forget_counts()
    assert list(dagster.tick("knowledge_changes")) == [added]
    alias = production_alias(world.settings.workspace_id, added)
    own = {one.chunk_id for one in world.store.points(alias, payloads=False)}
    assert set(world.store.written) == own
    assert world.store.deleted == []
    assert set(world.store.looked_at) <= own
    assert {one: world.ledger.generations.live(one) for one in others} == before
