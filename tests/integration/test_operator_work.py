"""What a person approved in a conversation is done by the writer, as `kb` does it, once."""

from pathlib import Path
from string import Template
from typing import Any

import dagster as dg
import yaml
from dagster._utils.tags import TagConcurrencyLimitsCounter
from pydantic import SecretStr

import kb
from dagster_kb.upkeep.refreshes import PARTITION, REFRESH
from graph.gateways.operations import RequestedOperations
from graph.gateways.postgres import LazyPool
from tests.doubles.writer_world import QUIET, WriterWorld


class Orders:
    """Asks as the agent `operations` does, and lets the writer look."""

    def __init__(self, world: WriterWorld, database_url: str) -> None:
        self.world = world
        self.pool = LazyPool(SecretStr(database_url))

    async def ask(self, key: str, action: str, **more: Any) -> None:
        arguments = {"agent_id": self.world.agent} | more
        operations = RequestedOperations(self.pool, "default")
        await operations.perform(action, arguments, key=key)

    async def state(self, key: str) -> dict[str, Any]:
        (row,) = await self.pool.rows(
            "select status, result from ops.requested_operations where key = %(key)s", {"key": key}
        )
        return row

    def tick(self) -> list[dg.RunRequest]:
        sensor = self.world.definitions.get_sensor_def("approved_operations")
        resources = self.world.looked_with
        context = dg.build_sensor_context(instance=self.world.instance, resources=resources)
        tick: Any = sensor(context)
        return [] if isinstance(tick, dg.SkipReason) else tick.run_requests or []

    def carry_out(self, wanted: dg.RunRequest) -> bool:
        job = self.world.definitions.resolve_job_def(wanted.job_name)
        return job.execute_in_process(
            instance=self.world.instance, tags=wanted.tags, raise_on_error=False,
            run_config={**wanted.run_config, "loggers": QUIET},
        ).success  # fmt: skip

    async def order(self, key: str, action: str, **more: Any) -> dict[str, Any]:
        await self.ask(key, action, **more)
        for wanted in self.tick():
            self.carry_out(wanted)
        assert self.tick() == []
        return await self.state(key)


async def test_pause_resume_verify_and_roll_back(world: WriterWorld, database_url: str):
    orders = Orders(world, database_url)
    first = world.publish({"page.md": "# Page\n\nOne.\n"})
    world.publish({"page.md": "# Page\n\nTwo.\n"})
    paused = await orders.order("q1/s1", "pause", reason="the source is wrong")
    assert paused["status"] == "done"
    assert world.ledger.incidents.paused(world.agent)["reason"] == "the source is wrong"
    resumed = await orders.order("q2/s1", "resume")
    assert (resumed["status"], resumed["result"]["was_paused"]) == ("done", True)
    assert world.ledger.incidents.paused(world.agent) is None
    verified = await orders.order("q3/s1", "verify")
    assert (verified["status"], verified["result"]["ok"]) == ("done", True)
    assert verified["result"]["checks"]["alias"]["passed"]
    back = await orders.order("q4/s1", "rollback", reason="wrong words", to=first.number)
    assert (back["status"], back["result"]["live"]) == ("done", first.number)
    assert world.served_texts() == {"# Page\n\nOne."}
    assert world.ledger.incidents.paused(world.agent) is not None
    await orders.pool.close()


async def test_what_cannot_be_done_is_said(world: WriterWorld, database_url: str):
    orders = Orders(world, database_url)
    world.publish({"page.md": "# Page\n\nOne.\n"})
    failed = await orders.order("q1/s1", "rollback")
    assert failed["status"] == "failed"
    assert "no generation before this one" in failed["result"]["error"]
    await orders.ask("q2/s1", "verify", agent_id="nobody")
    assert orders.tick() == []
    unknown = await orders.state("q2/s1")
    assert unknown["status"] == "failed"
    assert "there is no agent 'nobody'" in unknown["result"]["error"]
    await orders.pool.close()


async def test_an_order_does_not_wait_for_the_run_that_it_is_to_stop(
    world: WriterWorld, database_url: str
):
    """As Dagster's own queue counts with the limits that we start it with."""
    template = (Path(kb.__file__).parent / "dagster.yaml.template").read_text()
    runs = yaml.safe_load(Template(template).safe_substitute(params="{}", printed="x"))
    limits = runs["concurrency"]["runs"]["tag_concurrency_limits"]
    orders = Orders(world, database_url)
    world.publish({"page.md": "# Page\n\nOne.\n"})
    world.publish({"page.md": "# Page\n\nTwo.\n"})
    building = dg.DagsterRun(
        job_name=REFRESH, tags={PARTITION: world.agent, "kb/agent": world.agent}
    )
    other = dg.DagsterRun(job_name=REFRESH, tags={PARTITION: "other", "kb/agent": "other"})
    counter = TagConcurrencyLimitsCounter(limits, [building, other])
    assert counter.is_blocked(dg.DagsterRun(job_name=REFRESH, tags={PARTITION: "third"}))
    await orders.ask("q1/s1", "rollback", reason="wrong words")
    (wanted,) = orders.tick()
    assert not counter.is_blocked(dg.DagsterRun(job_name=wanted.job_name, tags=wanted.tags))
    assert runs["concurrency"]["runs"]["max_concurrent_runs"] > 2
    assert orders.carry_out(wanted)
    await orders.ask("q2/s1", "pause", reason="looked at")
    assert orders.tick() == []
    assert "looked at" in world.ledger.incidents.paused(world.agent)["reason"]
    assert (await orders.state("q2/s1"))["status"] == "done"
    # Told twice it is done once: whoever paused it since is not overruled.
    await orders.ask("q3/s1", "resume")
    assert orders.tick() == []
    world.ledger.incidents.pause(world.agent, "again", "ann")
    await orders.ask("q3/s1", "resume")
    assert orders.tick() == []
    assert world.ledger.incidents.paused(world.agent)
    await orders.pool.close()
