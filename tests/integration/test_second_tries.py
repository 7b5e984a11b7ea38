"""Runs that failed: what may pass is tried again, ever later; what was refused is not."""

import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, StepFailureData
from dagster_shared.error import SerializableErrorInfo

from dagster_kb.origins import PAUSED, SKIPPED
from dagster_kb.triggers.automation import failed_runs
from dagster_kb.triggers.knowledge_tick import REFRESH
from dagster_kb.triggers.second_tries import FIRST_SECONDS, TRANSIENT, due_again, may_pass
from dagster_kb.upkeep.retirement import RETIRE
from tests.doubles.sensor_day import Day, Status, agents


def test_a_refused_run_is_not_tried_again(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.FAILURE)
    for _ in range(3):
        assert day.look() == []


@pytest.mark.parametrize(
    ("status", "tags"), [(Status.FAILURE, {}), (Status.SUCCESS, {SKIPPED: PAUSED})]
)
@pytest.mark.parametrize("looks", [0, 1])
def test_what_a_pause_held_up_between_two_looks_is_tried_again_when_it_ends(
    day: Day, status: dg.DagsterRunStatus, tags: dict[str, str], looks: int
):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.ledger.incidents.pause("a", "a moment", "ann")
    day.end(status, **tags)
    assert [day.look() for _ in range(looks)] == [[]] * looks
    day.ledger.incidents.resume("a", "ann")
    assert agents(day.look()) == ["a"]
    day.end(status)
    assert day.look() == []


def test_the_end_of_what_was_never_served_waits_for_its_run(day: Day):
    day.commit({"a/x.md": "# One\n", "b/x.md": "# One\n"})
    assert agents(day.look()) == ["a", "b"]
    day.repository.remove("knowledge/b")
    day.repository.commit()
    assert day.look() == []
    day.end(Status.FAILURE)
    assert [(one.job_name, one.tags["kb/agent"]) for one in day.look()] == [(RETIRE, "b")]


def test_what_may_pass_is_tried_again_ever_later(day: Day, monkeypatch: pytest.MonkeyPatch):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    began = time.time()
    waited = 0.0
    for tries in range(1, 5):
        day.end(Status.FAILURE, **{TRANSIENT: "yes"})
        wait = FIRST_SECONDS * 2 ** (tries - 1)
        monkeypatch.setattr(time, "time", lambda now=began + waited + wait - 5: now)
        assert day.look() == [], tries
        monkeypatch.setattr(time, "time", lambda now=began + waited + wait + 60: now)
        assert agents(day.look()) == ["a"], tries
        assert day.look() == [], tries
        waited = 0.0
        monkeypatch.undo()
    day.end(Status.SUCCESS)
    assert due_again(day.instance, {"a"}, datetime.now(UTC) + timedelta(hours=3)) == {}


def test_a_skipped_run_that_is_executed_anew_and_fails_for_what_may_pass_is_tried_again(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.FAILURE, **{TRANSIENT: "yes", SKIPPED: PAUSED})  # Dagster copies its tags
    later = datetime.now(UTC) + timedelta(hours=3)
    assert set(due_again(day.instance, {"a"}, later)) == {"a"}


def test_a_new_commit_needs_no_second_try(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.FAILURE, **{TRANSIENT: "yes"})
    day.commit({"a/x.md": "# Two\n"})
    assert agents(day.look()) == ["a"]
    later = datetime.now(UTC) + timedelta(hours=3)
    assert due_again(day.instance, {"a"}, later) == {}


def failure(name: str, cause: str | None = None) -> DagsterEvent:
    deeper = SerializableErrorInfo("deeper", [], cause) if cause else None
    error = SerializableErrorInfo("it failed", [], name, cause=deeper)
    data = StepFailureData(error=error, user_failure_data=None)
    return DagsterEvent("STEP_FAILURE", REFRESH, step_key="s", event_specific_data=data)


def fail(day: Day, error: str, *, said: str = "steps failed") -> None:
    """The run that is under way fails so, and the sensor over failures hears of it."""
    (run,) = day.instance.get_runs(dg.RunsFilter(statuses=[Status.STARTED]))
    if error:
        day.instance.report_dagster_event(failure(error), run.run_id)
    over = DagsterEvent("PIPELINE_FAILURE", REFRESH, message=said)
    day.instance.report_dagster_event(over, run.run_id)
    context = dg.build_run_status_sensor_context(
        "failed_runs", dagster_event=over, dagster_instance=day.instance, dagster_run=run,
        resources={"ledger": day.ledger},
    ).for_run_failure()  # fmt: skip
    failed_runs(context)


def test_only_what_may_pass_is_marked_to_be_tried_again(day: Day):
    later = datetime.now(UTC) + timedelta(hours=3)
    day.commit({"a/x.md": "# One\n"})
    day.look()
    fail(day, "Failure")
    assert due_again(day.instance, {"a"}, later) == {}
    day.commit({"a/x.md": "# Two\n"})
    day.look()
    fail(day, "Unavailable")
    assert set(due_again(day.instance, {"a"}, later)) == {"a"}
    assert due_again(day.instance, {"b"}, later) == {}


@pytest.mark.parametrize("cut", ["", "DagsterExecutionInterruptedError"])
def test_what_ran_too_long_goes_on_in_the_next_run(day: Day, cut: str):
    later = datetime.now(UTC) + timedelta(hours=3)
    day.commit({"a/x.md": "# One\n"})
    day.look()
    fail(day, cut, said="Exceeded maximum runtime of 7200 seconds.")
    assert set(due_again(day.instance, {"a"}, later)) == {"a"}
    assert day.ledger.incidents.listed("a") == []


def test_what_ran_too_long_twice_at_one_commit_is_for_people_and_for_the_night(
    day: Day, monkeypatch: pytest.MonkeyPatch
):
    said = "Exceeded maximum runtime of 7200 seconds."
    later = datetime.now(UTC) + timedelta(hours=3)
    day.commit({"a/x.md": "# One\n"})
    day.look()
    fail(day, "", said=said)
    began = time.time()
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: began + 3600)
        assert agents(day.look()) == ["a"]
    fail(day, "", said=said)
    assert due_again(day.instance, {"a"}, later) == {}
    [told] = day.ledger.incidents.listed("a")
    assert "two runs at one commit" in told["summary"]
    assert "max_runtime_seconds" in told["next_step"]
    day.commit({"a/x.md": "# Two\n"})
    day.look()
    fail(day, "", said=said)
    assert set(due_again(day.instance, {"a"}, later)) == {"a"}


@pytest.mark.parametrize(("failures", "passes"), [
    ([failure("Unavailable")], True),
    ([failure("DagsterExecutionStepExecutionError", "ResponseHandlingException")], True),
    ([failure("OperationalError")], True),
    ([failure("Failure")], False),
    ([failure("DagsterExecutionStepExecutionError", "KeyError")], False),
    ([failure("Unavailable"), failure("Failure")], False),
    ([], False),
])  # fmt: skip
def test_which_failures_may_pass(failures: list[DagsterEvent], passes: bool):
    assert may_pass(failures) is passes
