"""What somebody who knows Dagster does on its pages: runs checks alone, reads why, orders by hand."""

from typing import Any

import dagster as dg
import pytest

from dagster_kb.assets.documents import READS
from dagster_kb.partitions import CHECK
from dagster_kb.upkeep.operator_work import OPERATOR_JOB
from tests.doubles.writer_world import QUIET, WriterWorld, failures, metadata

pytestmark = pytest.mark.stack
PAGE = "# Tea\n\nGreen tea is brewed at eighty degrees for two minutes.\n"
MISSED = "questions:\n- question: Where does coffee grow?\n  path: tea.md\n  quote: on the moon\n"


def run(world: WriterWorld, job: str, **how: Any) -> Any:
    return world.definitions.resolve_job_def(job).execute_in_process(
        instance=world.instance, raise_on_error=False, **how
    )


def order(world: WriterWorld, **config: Any) -> Any:
    config = {"ops": {"carry_out": {"config": config}}, "loggers": QUIET}
    return run(world, OPERATOR_JOB, run_config=config)


def errors(world: WriterWorld, result: Any) -> list[str]:
    return [one.user_message for one in world.instance.all_logs(result.run_id) if one.level == 40]


def test_checks_alone_are_run_for_an_agent(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    result = run(world, CHECK, partition_key=world.agent)
    assert result.success
    told = {one.check_name: one for one in result.get_asset_check_evaluations()}
    assert told["finds_golden"].passed
    assert told["serves_what_git_says"].passed
    never = told["answers_well"]
    assert (never.passed, never.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert not result.get_asset_materialization_events()


def test_checks_of_nobody_say_how_they_are_run(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    said = failures(run(world, CHECK))
    assert said
    assert all(f"`{CHECK}` for its partition" in one for one in said.values())


def test_the_log_says_why_a_gate_refused_and_so_does_the_generation_once(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"golden.yaml": MISSED})
    result = world.ingest()
    assert not result.success
    (why,) = [one for one in errors(world, result) if one.startswith("finds_golden: ")]
    assert "'Where does coffee grow?' should find tea.md" in why
    again = world.ingest(only=["collection", "live_alias"])
    assert not again.success
    reasons = [one.reason or "" for one in world.ledger.generations.latest(world.agent, 5)]
    assert {one.count("should find tea.md") for one in reasons} <= {0, 1}


def test_a_question_that_finds_nothing_says_how_sure_the_search_was(world: WriterWorld):
    golden = "questions:\n- question: How is green tea brewed?\n  path: tea.md\n"
    world.commit({"tea.md": PAGE, "golden.yaml": golden,
                  "agent.yaml": "retrieval: {threshold: 0.99}\n"})  # fmt: skip
    result = world.ingest()
    assert not result.success
    (why,) = [one for one in errors(world, result) if one.startswith("finds_golden: ")]
    assert "nothing under 0.99 is shown" in why
    assert "nothing came" in why


def test_pages_name_the_owners_that_the_agent_names(world: WriterWorld):
    world.commit({"tea.md": PAGE, "agent.yaml": "owners: [ann, team-tea]\n"})
    result = world.ingest()
    assert metadata(result, "live_alias")["owners"] == "ann, team-tea"


def test_what_is_quarantined_is_yellow_with_its_reason(world: WriterWorld):
    world.commit({"tea.md": PAGE, "open.md": "---\ntitle: [\n---\n# Open\n"})
    result = world.ingest()
    assert result.success
    (told,) = [one for one in result.get_asset_check_evaluations() if one.check_name == READS]
    assert (told.passed, told.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "open.md" in told.metadata["quarantined"].value


def test_an_order_from_the_launchpad_needs_an_agent_and_an_action_only(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    assert order(world, action="verify", agent=world.agent).success
    with pytest.raises(dg.DagsterInvalidConfigError):
        order(world, action="roll_back", agent=world.agent)


def test_an_order_for_an_agent_that_is_unknown_names_those_there_are(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    result = order(world, action="verify", agent="nobody")
    (said,) = failures(result).values()
    assert f"agents: {world.agent}" in said
    assert not [one for one in result.all_events if one.event_type_value == "STEP_UP_FOR_RETRY"]
