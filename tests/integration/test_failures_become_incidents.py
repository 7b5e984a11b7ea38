"""A run that failed for good leaves an incident with what to do; a refusal of a gate leaves none."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from dagster_kb.upkeep.failures import KIND
from dagster_kb.upkeep.refreshes import CHOSEN_ON_PAGES
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGE = "# Tea\n\nGreen tea is brewed at eighty degrees for two minutes.\n"
MISSED = "questions:\n- question: Where does coffee grow?\n  path: tea.md\n  quote: on the moon\n"


def tell(world: WriterWorld, result: Any) -> None:
    """What the daemon does after a failed run."""
    run = result.dagster_run
    failure = next(one for one in reversed(result.all_events) if one.is_run_failure)
    sensor = world.definitions.get_sensor_def("failed_runs")
    with dg.build_run_status_sensor_context(
        sensor_name="failed_runs", dagster_event=failure, dagster_instance=world.instance,
        dagster_run=run, resources={"ledger": world.ledger},
    ) as context:  # fmt: skip
        sensor(context.for_run_failure())


def tell_success(world: WriterWorld, result: Any) -> None:
    """What the daemon does after a good run."""
    sensor = world.definitions.get_sensor_def("recovered_agents")
    event = next(
        one for one in reversed(result.all_events) if one.event_type_value == "PIPELINE_SUCCESS"
    )
    with dg.build_run_status_sensor_context(
        sensor_name="recovered_agents", dagster_event=event, dagster_instance=world.instance,
        dagster_run=result.dagster_run, resources={"ledger": world.ledger},
    ) as context:  # fmt: skip
        sensor(context)


def chosen_on_pages(world: WriterWorld, *assets: str, tags: Mapping[str, str] | None = None) -> Any:
    """Materialize what a person marked on Dagster's pages."""
    job = world.definitions.resolve_job_def(CHOSEN_ON_PAGES)
    keys = [dg.AssetKey(one) for one in assets]
    return job.execute_in_process(
        instance=world.instance, partition_key=world.agent, asset_selection=keys or None,
        raise_on_error=False, tags=dict(tags or {}),
    )  # fmt: skip


def incidents(world: WriterWorld) -> list[Any]:
    return world.ledger.incidents.listed(world.agent)


def test_broken_settings_of_an_agent_say_what_to_mend_and_end_with_a_good_run(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"agent.yaml": "purpse: Answers about tea.\n"})
    for _ in range(2):
        tell(world, world.ingest())
    (one,) = incidents(world)
    assert one["kind"] == KIND
    assert one["summary"].startswith(f"parsed_documents: knowledge/{world.agent}/agent.yaml")
    assert f"kb ingest --agent {world.agent}" in one["next_step"]
    assert one["facts"]["step"] == "parsed_documents"

    world.commit({"agent.yaml": "purpose: Answers about tea.\n"})
    tell_success(world, world.ingest())
    assert incidents(world) == []


def test_only_a_run_that_went_as_far_as_going_live_closes_an_incident(world: WriterWorld):
    before = world.ingest() if world.publish({"tea.md": PAGE}) else None
    world.commit({"agent.yaml": "purpse: Answers about tea.\n"})
    tell(world, world.ingest())
    world.commit({"agent.yaml": "purpose: Answers about tea.\n"})
    tell_success(world, before)  # it ended before, and is told late
    tell_success(world, chosen_on_pages(world, "parsed_documents"))
    assert len(incidents(world)) == 1


def test_a_run_from_the_pages_is_told_of_like_any_other(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"agent.yaml": "purpse: Answers about tea.\n"})
    tell(world, chosen_on_pages(world))
    assert len(incidents(world)) == 1
    assert world.ledger.generations.pipeline_runs(world.agent)[0]["status"] == "FAILED"
    world.commit({"agent.yaml": "purpose: Answers about tea.\n"})
    done = chosen_on_pages(world)
    assert done.success
    tell_success(world, done)
    assert incidents(world) == []


def test_a_gate_that_refuses_opens_no_incident(world: WriterWorld):
    world.commit({"tea.md": PAGE, "golden.yaml": MISSED})
    result = world.ingest()
    assert not result.success
    tell(world, result)
    assert incidents(world) == []


def no_waiting(_seconds: float) -> None:
    """Dagster waits between its own retries."""


def test_a_bug_is_told_in_its_own_words(world: WriterWorld, monkeypatch: pytest.MonkeyPatch):
    def broken(_self: HashEmbedder, _texts: Any, *_more: Any, **_others: Any) -> Any:
        raise RuntimeError("the model's file ends too early")

    monkeypatch.setattr(HashEmbedder, "embed", broken)
    monkeypatch.setattr("time.sleep", no_waiting)
    world.commit({"tea.md": PAGE})
    tell(world, world.ingest())
    (one,) = incidents(world)
    assert one["summary"].startswith("embeddings: ")
    assert "the model's file ends too early" in one["summary"]
    assert one["generation_id"] is not None
