"""A run that somebody terminates ends there: nothing tries it again, and people are told how to go on."""

import os
import signal
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent
from dagster._core.utils import make_new_run_id
from dagster._utils.interrupts import capture_interrupts

from dagster_kb.origins import PAUSED, SKIPPED
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.upkeep.failures import STOPPED
from dagster_kb.upkeep.freshness import Look, Standing
from dagster_kb.upkeep.refreshes import PARTITION, REFRESH
from dagster_kb.upkeep.stopped_runs import stopped_runs, tell_stopped
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGE = "# Tea\n\nGreen tea is brewed at eighty degrees for two minutes.\n"


def terminate_once(world: WriterWorld) -> None:
    """Do what Dagster's page does, in the middle of embedding."""

    def at_once() -> None:
        world.embedder.before_embedding = None
        (run,) = world.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        world.instance.report_run_canceling(run)
        os.kill(os.getpid(), signal.SIGINT)

    world.embedder.before_embedding = at_once


def terminated(world: WriterWorld) -> dg.DagsterRun:
    terminate_once(world)
    with capture_interrupts():
        world.ingest()
    return world.instance.get_runs(limit=1)[0]


def events(world: WriterWorld, run: dg.DagsterRun) -> set[Any]:
    return {one.dagster_event.event_type for one in world.instance.all_logs(run.run_id)
            if one.dagster_event}  # fmt: skip


def tell(world: WriterWorld, run: dg.DagsterRun) -> int | None:
    return tell_stopped(world.instance, world.ledger, run)


def the_sensor_sees(world: WriterWorld, run: dg.DagsterRun) -> None:
    event = next(one.dagster_event for one in world.instance.all_logs(run.run_id)
                 if one.dagster_event and one.dagster_event.event_type is dg.DagsterEventType.RUN_CANCELED)  # fmt: skip
    with dg.build_run_status_sensor_context(
        sensor_name="stopped_runs", dagster_event=event, dagster_instance=world.instance,
        dagster_run=run, resources={"ledger": world.ledger},
    ) as context:  # fmt: skip
        stopped_runs(context)


def asked_for(world: WriterWorld) -> dg.DagsterRun:
    """The next run of the agent, before it begins."""
    tags = {PARTITION: world.agent}
    return world.instance.add_run(
        dg.DagsterRun(REFRESH, make_new_run_id(), tags=tags, status=dg.DagsterRunStatus.NOT_STARTED)
    )


def ends(world: WriterWorld, run: dg.DagsterRun, event_type: str, sensor: str) -> None:
    """It stages nothing, and the sensor hears of its end."""
    over = DagsterEvent(event_type, REFRESH, message="it ended")
    world.instance.report_dagster_event(over, run.run_id)
    ended = world.instance.get_run_by_id(run.run_id)
    assert ended
    with dg.build_run_status_sensor_context(
        sensor_name=sensor, dagster_event=over, dagster_instance=world.instance,
        dagster_run=ended, resources={"ledger": world.ledger},
    ) as context:  # fmt: skip
        heard = context.for_run_failure() if sensor == "failed_runs" else context
        world.definitions.get_sensor_def(sensor)(heard)


def freshness(world: WriterWorld) -> Standing:
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    return Look.at(folder, world.ledger, world.store, 60).freshness(world.agent)


def test_terminate_ends_the_run_and_leaves_what_was_served(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    assert run.status is dg.DagsterRunStatus.CANCELED
    assert dg.DagsterEventType.STEP_UP_FOR_RETRY not in events(world, run)
    assert world.live().number == 1


def test_it_is_told_with_the_cure_until_a_run_brings_it(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    assert tell(world, run) is not None
    (told,) = world.ledger.incidents.listed(world.agent)
    assert told["kind"] == STOPPED
    assert "generation 2 was not finished" in told["summary"]
    assert f"kb ingest --agent {world.agent}" in told["next_step"]

    said = freshness(world)
    assert (said.state, said.passed) == ("behind", False)
    assert "was stopped → `kb ingest" in said.said

    good = world.ingest()
    assert good.success
    assert world.live().number == 2
    assert tell(world, run) is None, "a later run brought it"


def test_the_ledger_ends_it_too(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    the_sensor_sees(world, run)
    (ended,) = world.ledger.generations.pipeline_runs(world.agent)
    assert (ended["status"], bool(ended["finished_at"])) == ("FAILED", True)
    assert "stopped in Dagster" in ended["error_summary"]
    assert world.ledger.generations.latest(world.agent, 1)[0].state == "failed"
    (told,) = world.ledger.incidents.listed(world.agent)
    assert "generation 2 was not finished" in told["summary"]
    assert "was stopped → `kb ingest" in freshness(world).said
    assert world.live().number == 1

    assert world.ingest().success
    assert "Black tea" in str(world.served_texts())


def test_what_another_run_took_over_is_not_ended_with_the_one_that_was_stopped(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    assert world.ingest().success
    the_sensor_sees(world, run)
    assert world.live().number == 2
    (ended,) = world.ledger.generations.pipeline_runs(world.agent)
    assert ended["status"] == "DONE"
    assert world.ledger.incidents.listed(world.agent) == []


def test_what_is_executed_anew_in_parts_is_not_ended_with_the_one_that_was_stopped(
    world: WriterWorld,
):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    assert world.ingest(only=("embeddings", "collection")).success
    the_sensor_sees(world, run)
    assert world.ingest(only=("live_alias",)).success
    assert world.live().number == 2


def test_what_failed_again_after_it_was_stopped_is_ended(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    assert not world.ingest(only=("live_alias",)).success
    the_sensor_sees(world, run)
    assert world.ledger.generations.latest(world.agent, 1)[0].state == "failed"


@pytest.mark.parametrize(
    ("end", "sensor", "tags"),
    [
        ("PIPELINE_CANCELED", "stopped_runs", {}),
        ("PIPELINE_SUCCESS", "recovered_agents", {SKIPPED: PAUSED}),
        ("PIPELINE_FAILURE", "failed_runs", {}),
    ],
)
def test_what_waited_for_a_run_that_took_nothing_over_is_ended_with_that(
    world: WriterWorld, end: str, sensor: str, tags: dict[str, str]
):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    run = terminated(world)
    waiting = asked_for(world)
    the_sensor_sees(world, run)
    assert world.ledger.generations.latest(world.agent, 1)[0].state == "staged"
    world.instance.add_run_tags(waiting.run_id, tags)
    ends(world, waiting, end, sensor)
    assert world.ledger.generations.latest(world.agent, 1)[0].state == "failed"
    assert world.ledger.generations.unfinished(world.agent) == []
