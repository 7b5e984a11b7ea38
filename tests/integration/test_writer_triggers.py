"""What the sensors launch over a day of changes, failures, pauses, pushes and requests."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent, StepFailureData
from dagster_shared.error import SerializableErrorInfo
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions, folder_of, ledger_of
from dagster_kb.origins import Origin, origin_of
from dagster_kb.resources.ledger_triggers import Push
from dagster_kb.resources.remote_repository import RemoteRepository
from dagster_kb.settings import WriterSettings
from dagster_kb.triggers.approved_operations import plan_operations
from dagster_kb.triggers.automation import failed_runs
from dagster_kb.triggers.fetching import FETCH
from dagster_kb.triggers.knowledge_tick import REFRESH
from dagster_kb.triggers.pushes import PATIENCE, settled_by_runs
from dagster_kb.triggers.second_tries import FIRST_SECONDS, TRANSIENT, due_again, may_pass
from dagster_kb.upkeep.retirement import RETIRE
from kb_contract.errors import BadSetting
from kb_contract.setting_errors import load
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder

Status = dg.DagsterRunStatus


class Day:
    """A repository, real sensors, a real ledger, and an instance that keeps the runs asked for."""

    def __init__(self, folder: Path, database_url: str, **more: Any) -> None:
        self.repository = GitRepository(folder / "repo")
        (self.repository.root / "knowledge").mkdir(exist_ok=True)
        given: dict[str, Any] = {"knowledge_dir": self.repository.root / "knowledge", **more}
        self.settings = WriterSettings(
            database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1",
            kb_home=folder / "home", **given,
        )  # fmt: skip
        self.ledger = ledger_of(self.settings)
        self.definitions = build_definitions(self.settings, embedder=HashEmbedder())
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None
        self.said = ""

    def commit(self, files: dict[str, str]) -> str:
        self.repository.write({f"knowledge/{name}": text for name, text in files.items()})
        return self.repository.commit()

    def look(self, name: str = "knowledge_changes", *, crash: bool = False) -> list[dg.RunRequest]:
        """Evaluate a sensor; the runs that are new are kept as the daemon keeps them."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor,
            resources={"folder": folder_of(self.settings), "ledger": self.ledger},
        )  # fmt: skip
        result = self.definitions.get_sensor_def(name)(context)
        if isinstance(result, dg.SkipReason):
            self.said = result.skip_message or ""
            return []
        assert isinstance(result, dg.SensorResult)
        self.said = result.skip_reason.skip_message or "" if result.skip_reason else ""
        if name == "knowledge_changes" and not crash:
            self.cursor = result.cursor or self.cursor
        for one in result.dynamic_partitions_requests or []:
            assert isinstance(one, dg.AddDynamicPartitionsRequest)
            self.instance.add_dynamic_partitions("agents", one.partition_keys)
        return [one for one in result.run_requests or [] if self._keep(one)]

    def _keep(self, one: dg.RunRequest) -> bool:
        key = {"dagster/run_key": str(one.run_key)}
        if self.instance.get_runs(dg.RunsFilter(tags=key)):
            return False
        where = {"dagster/partition": one.partition_key} if one.partition_key else {}
        self.instance.add_run(dg.DagsterRun(
            job_name=one.job_name or REFRESH, run_id=dg._core.utils.make_new_run_id(),
            tags={**one.tags, **key, **where}, status=Status.STARTED, run_config=one.run_config,
        ))  # fmt: skip
        return True

    def end(self, status: dg.DagsterRunStatus, **tags: str) -> None:
        """Every run that is not over ends so."""
        over = [Status.SUCCESS, Status.FAILURE]
        for one in self.instance.get_runs():
            if one.status not in over:
                event = "PIPELINE_SUCCESS" if status is Status.SUCCESS else "PIPELINE_FAILURE"
                self.instance.report_dagster_event(
                    DagsterEvent(event, one.job_name, message="it ended"), one.run_id
                )
                if tags:
                    self.instance.add_run_tags(one.run_id, tags)

    def push(self, sha: str, delivery: str = "github:1", *, age: float = 0) -> None:
        with self.ledger.database.transaction() as connection:
            connection.execute(
                "insert into ops.pushes (delivery_id, provider, repository, ref, after_sha, pusher,"
                " received_at) values (%s, 'github', 'a/b', 'refs/heads/main', %s, 'ann',"
                " now() - make_interval(secs => %s))",
                (delivery, sha, age),
            )

    def row(self, delivery: str) -> dict[str, Any]:
        with self.ledger.database.transaction() as connection:
            found = connection.execute(
                "select * from ops.pushes where delivery_id = %s", (delivery,)
            ).fetchone()
        assert found is not None
        return found

    def close(self) -> None:
        self.instance.dispose()
        self.ledger.database.close()


@pytest.fixture
def day(tmp_path: Path, database_url: str) -> Iterator[Day]:
    day = Day(tmp_path, database_url)
    yield day
    day.close()


def agents(requests: list[dg.RunRequest]) -> list[str]:
    return [one.tags["kb/agent"] for one in requests]


def test_a_force_push_back_to_an_old_commit_is_built_again(day: Day):
    first = day.commit({"a/x.md": "# One\n"})
    assert agents(day.look()) == ["a"]
    day.end(Status.SUCCESS)
    day.commit({"a/x.md": "# Two\n"})
    assert agents(day.look()) == ["a"]
    day.end(Status.SUCCESS)
    day.repository._git("reset", "--hard", "--quiet", first)
    (again,) = day.look()
    assert again.tags["kb/commit"] == first
    assert day.look() == []


def test_a_lost_cursor_builds_once_more_and_not_twice(day: Day):
    day.commit({"a/x.md": "# One\n", "b/x.md": "# One\n"})
    assert agents(day.look()) == ["a", "b"]
    day.cursor = None
    assert day.look() == []  # the runs of this commit are under way
    day.end(Status.SUCCESS)
    day.cursor = None
    assert agents(day.look()) == ["a", "b"]
    day.cursor = None
    assert day.look() == []


def test_a_tick_that_crashed_before_its_cursor_was_kept_launches_nothing_twice(day: Day):
    day.commit({"a/x.md": "# One\n"})
    assert agents(day.look(crash=True)) == ["a"]
    assert day.look() == []
    assert day.look() == []


def test_a_renamed_folder_comes_and_goes(day: Day):
    day.commit({"old/x.md": "# One\n", "other/x.md": "# One\n"})
    day.look()
    day.repository.rename("knowledge/old", "knowledge/new")
    day.repository.commit()
    found = [(one.job_name, one.tags["kb/agent"]) for one in day.look()]
    assert found == [(REFRESH, "new"), (RETIRE, "old")]


def test_submodules_and_large_file_pointers_are_no_change_that_breaks(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9\n"
    GitRepository(day.repository.root / "knowledge/a/module").commit()
    GitRepository(day.repository.root / "knowledge/module").commit()
    day.commit({"a/big.pdf": pointer})
    assert agents(day.look()) == ["a"]


def test_a_shallow_clone_is_looked_at_like_any_other(tmp_path: Path, database_url: str):
    full = GitRepository(tmp_path / "full")
    for text in ("one", "two"):
        full.write({"knowledge/a/x.md": text})
        full.commit()
    shallow = tmp_path / "shallow"
    full._git("clone", "--quiet", "--depth=1", f"file://{full.root}", str(shallow))
    day = Day(tmp_path, database_url, knowledge_dir=shallow / "knowledge")
    assert agents(day.look()) == ["a"]
    assert day.look() == []
    day.close()


def test_a_paused_agent_is_not_launched_and_comes_when_it_is_resumed(day: Day):
    day.commit({"a/x.md": "# One\n", "b/x.md": "# One\n"})
    day.look()
    day.end(Status.SUCCESS)
    day.ledger.incidents.pause("a", "a person looks at it", "ann")
    day.commit({"a/x.md": "# Two\n", "b/x.md": "# Two\n"})
    assert agents(day.look()) == ["b"]
    assert day.look() == []
    assert "a is paused (a person looks at it)" in day.said
    day.ledger.incidents.resume("a", "ann")
    assert agents(day.look()) == ["a"]


def test_a_resumed_agent_is_built_though_git_did_not_move(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.SUCCESS)
    day.ledger.incidents.pause("a", "rolled back", "ann")
    assert day.look() == []
    day.ledger.incidents.resume("a", "ann")
    assert agents(day.look()) == ["a"]
    assert day.look() == []


def test_a_refused_run_is_not_tried_again(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.FAILURE)
    for _ in range(3):
        assert day.look() == []


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


def fail(day: Day, error: str) -> None:
    """The run that is under way fails so, and the sensor over failures hears of it."""
    (run,) = day.instance.get_runs(dg.RunsFilter(statuses=[Status.STARTED]))
    day.instance.report_dagster_event(failure(error), run.run_id)
    over = DagsterEvent("PIPELINE_FAILURE", REFRESH, message="steps failed")
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
    day.instance.add_dynamic_partitions("agents", ["a", "b"])
    day.ledger.incidents.pause("b", "looked at", "ann")
    night = day.definitions.get_schedule_def("nightly")
    at = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    context = dg.build_schedule_context(
        instance=day.instance, scheduled_execution_time=at, resources={"ledger": day.ledger}
    )
    requests: Any = night(context)
    assert [one.partition_key for one in requests] == ["a"]
    assert requests[0].run_config["ops"]["parsed_documents"]["config"]["deep"] is True
    assert origin_of(requests[0].tags) == Origin("schedule", "nightly")


def test_a_remote_that_is_down_is_said_and_a_large_one_is_fetched_by_a_run(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    bare = tmp_path / "bare.git"
    day = Day(tmp_path, database_url, knowledge_repository=f"file://{bare}")
    assert day.look() == []
    assert ("cannot be read" in day.said, "what is served stays" in day.said) == (True, True)
    sha = day.commit({"a/x.md": "# One\n"})
    day.repository._git("clone", "--quiet", "--bare", str(day.repository.root), str(bare))
    monkeypatch.setattr("dagster_kb.triggers.automation.FETCH_IN_A_TICK", 0.0001)
    (wanted,) = day.look()
    assert (wanted.job_name, wanted.tags["kb/fetched_commit"]) == (FETCH, sha)
    assert day.look() == []
    assert "fetches it" in day.said
    result = day.definitions.resolve_job_def(FETCH).execute_in_process(instance=day.instance)
    assert result.success
    assert agents(day.look()) == ["a"]
    assert isinstance(day.definitions, dg.Definitions)
    assert RemoteRepository(
        f"file://{bare}", "", tmp_path / "home" / "repositories"
    ).mirror.is_dir()
    day.close()


@pytest.mark.parametrize(("name", "value", "says"), [
    ("nightly_cron", "61 3 * * *", "minute hour day month weekday"),
    ("nightly_cron", "every night", "minute hour day month weekday"),
    ("knowledge_repository", "https://ann:hunter2@host/a/b", "credential helper"),
    ("knowledge_repository", "ext::sh -c id", "https://"),
    ("knowledge_branch", "--upload-pack=x", "branch"),
    ("knowledge_path", "../else", "inside of the repository"),
])  # fmt: skip
def test_wrong_settings_are_said(name: str, value: str, says: str):
    given: dict[str, Any] = {
        "database_url": "postgresql://x",
        "qdrant_url": "http://y",
        name: value,
    }
    with pytest.raises(BadSetting) as caught:
        load(lambda: WriterSettings(**given))
    assert (name.upper() in str(caught.value), says in str(caught.value)) == (True, True)
    assert "hunter2" not in str(caught.value)
