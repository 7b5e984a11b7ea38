"""What is pushed, asked for over the API, or due at night becomes runs, once for each agent."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
from psycopg.types.json import Jsonb

from dagster_kb.definitions import folder_of
from dagster_kb.origins import Origin, origin_of
from dagster_kb.resources.ledger_triggers import Push
from dagster_kb.triggers.approved_operations import plan_operations
from dagster_kb.triggers.knowledge_tick import REFRESH
from dagster_kb.triggers.pushes import PATIENCE, settled_by_runs
from tests.doubles.sensor_day import Day, Status, agents


def test_a_push_is_taken_with_the_runs_that_it_caused(day: Day):
    sha = day.commit({"a/x.md": "# One\n"})
    day.push("0" * 40, "github:0")
    day.push(sha, "github:1")
    (wanted,) = day.look()
    assert origin_of(wanted.tags) == Origin("webhook", "ann")
    assert day.row("github:1")["taken_at"] is None  # until the run is known to exist
    assert day.look() == []
    (run,) = day.instance.get_runs()
    for one in ("github:0", "github:1"):
        assert (day.row(one)["taken_at"] is None, day.row(one)["dagster_runs"]) == (
            False,
            [run.run_id],
        )


def test_a_push_that_is_told_before_it_is_shown_is_not_in_the_runs_of_what_was_there(day: Day):
    first = day.commit({"a/x.md": "# One\n"})
    second = day.commit({"a/x.md": "# Two\n"})
    day.repository._git("reset", "--hard", "--quiet", first)
    day.push(second)
    (early,) = day.look()
    assert origin_of(early.tags) == Origin("sensor")
    day.end(Status.SUCCESS)
    assert day.look() == []
    assert day.row("github:1")["taken_at"] is None
    day.repository._git("reset", "--hard", "--quiet", second)
    (shown,) = day.look()
    assert origin_of(shown.tags) == Origin("webhook", "ann")
    day.look()
    newest = day.instance.get_runs(limit=1)[0]
    assert day.row("github:1")["dagster_runs"] == [newest.run_id]


def ask(day: Day, key: str, **arguments: Any) -> None:

    with day.ledger.database.transaction() as connection:
        connection.execute(
            "insert into ops.requested_operations (workspace_id, key, action, arguments, requested_by)"
            " values (%s, %s, 'ingest', %s, 'ci')",
            (day.ledger.workspace, key, Jsonb({"force": False, **arguments})),
        )


def test_what_was_just_committed_can_be_asked_for_before_the_next_look(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.instance.add_dynamic_partitions("agents", ["draft"])  # without a committed folder
    day.commit({"fresh/x.md": "# One\n"})
    ask(day, "named", agents=["fresh"])
    assert agents(day.look("approved_operations")) == ["fresh"]
    assert day.instance.has_dynamic_partition("agents", "fresh")
    ask(day, "all", agents=None)
    assert agents(day.look("approved_operations")) == ["a", "fresh"]


def test_a_push_that_changed_nothing_here_is_taken_without_a_run(day: Day):
    sha = day.commit({"a/x.md": "# One\n"})
    (wanted,) = day.look()
    assert origin_of(wanted.tags).trigger == "sensor"
    day.push(sha, "github:late")
    day.push("c" * 40, "github:elsewhere")
    assert day.look() == []
    (run,) = day.instance.get_runs()
    assert day.row("github:late")["dagster_runs"] == [run.run_id]
    assert day.row("github:elsewhere")["taken_at"] is None
    day.push("d" * 40, "github:old", age=PATIENCE + 1)
    day.look()
    assert day.row("github:old")["taken_at"] is not None
    assert day.row("github:old")["dagster_runs"] == []


def test_pushes_that_came_before_a_launched_one_share_its_runs():
    def push(name: str) -> Push:
        return Push(name, "refs/heads/main", "a" * 40, "", 0)

    newest_first = [push("c"), push("b"), push("a")]
    assert settled_by_runs(newest_first, {"b": ["r1"]}) == {"b": ["r1"], "a": ["r1"]}
    assert settled_by_runs(newest_first, {"a": ["r0"], "c": ["r2"]}) == {
        "c": ["r2"], "b": ["r2"], "a": ["r0"],
    }  # fmt: skip
    assert settled_by_runs(newest_first, {}) == {}


def operation(**more: Any) -> dict[str, Any]:
    return {"key": "k", "action": "ingest", "arguments": {"agents": None, "force": True},
            "requested_by": "ann", "trace_id": None, **more}  # fmt: skip


def test_what_was_asked_for_over_the_api_runs_each_agent_once():
    runs: dict[str, dg.DagsterRun] = {}
    known, paused = {"a", "b", "c"}, {"c": "looked at"}
    tick = plan_operations([operation()], known, lambda _: runs, paused)
    assert agents(tick.launch) == ["a", "b"]
    assert {one.run_key for one in tick.launch} == {"operation k a", "operation k b"}
    assert tick.launch[0].run_config["ops"]["parsed_documents"]["config"]["force"] is True
    assert origin_of(tick.launch[0].tags) == Origin("api", "ann")
    for name in ("a", "b"):
        runs[name] = dg.DagsterRun(REFRESH, run_id=f"run of {name}", status=Status.STARTED)
    assert plan_operations([operation()], known, lambda _: runs, paused).settle["k"][0] == "running"
    runs["a"] = dg.DagsterRun(REFRESH, run_id="run of a", status=Status.SUCCESS)
    runs["b"] = dg.DagsterRun(REFRESH, run_id="run of b", status=Status.FAILURE)
    status, told = plan_operations([operation()], known, lambda _: runs, paused).settle["k"]
    assert (status, told["dagster_runs"]) == ("failed", {"a": "run of a", "b": "run of b"})
    assert told["refused"] == {"c": "paused (looked at) → kb resume c"}


def test_what_cannot_be_done_is_said_in_the_row():
    named = operation(arguments={"agents": ["nobody"], "force": False})
    status, told = plan_operations([named], {"a"}, lambda _: {}).settle["k"]
    assert (status, "there is no agent 'nobody'; agents: a" in str(told)) == ("failed", True)
    assert (
        plan_operations([operation(action="explode")], {"a"}, lambda _: {}).settle["k"][0]
        == "failed"
    )
    status, told = plan_operations([operation()], set(), lambda _: {}).settle["k"]
    assert (status, told["error"]) == ("failed", "there is no agent yet")


def test_every_night_each_agent_is_looked_at_whole_but_paused_ones(day: Day, tmp_path: Path):
    day.instance = dg.DagsterInstance.local_temp(str(tmp_path))
    # The last one was ingested from a working tree, and has no committed folder yet.
    day.instance.add_dynamic_partitions("agents", ["a", "b", "draft"])
    day.commit({"a/x.md": "# One\n", "b/x.md": "# One\n"})
    day.ledger.incidents.pause("b", "looked at", "ann")
    night = day.definitions.get_schedule_def("refresh_nightly")
    at = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    context = dg.build_schedule_context(
        instance=day.instance, scheduled_execution_time=at,
        resources={"ledger": day.ledger, "folder": folder_of(day.settings)},
    )  # fmt: skip
    requests: Any = night(context)
    assert [one.partition_key for one in requests] == ["a"]
    assert requests[0].run_config["ops"]["parsed_documents"]["config"]["deep"] is True
    assert origin_of(requests[0].tags) == Origin("schedule", "nightly")
