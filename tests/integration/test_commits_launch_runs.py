"""What the sensor over git launches over a day of changes, pauses and lost cursors."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_kb.resources.remote_repository import RemoteRepository
from dagster_kb.settings import WriterSettings
from dagster_kb.triggers.fetching import FETCH
from dagster_kb.triggers.knowledge_tick import REFRESH
from dagster_kb.upkeep.retirement import RETIRE
from kb_contract.errors import BadSetting
from kb_contract.setting_errors import load
from tests.doubles.git_repository import GitRepository
from tests.doubles.sensor_day import Day, Status, agents


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


def test_an_old_commit_is_built_a_third_time_when_its_first_run_is_kept_no_longer(day: Day):
    first = day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.SUCCESS)
    (oldest,) = day.instance.get_runs()
    second = day.commit({"a/x.md": "# Two\n"})
    day.look()
    day.end(Status.SUCCESS)
    for sha in (first, second):
        day.repository._git("reset", "--hard", "--quiet", sha)
        assert agents(day.look()) == ["a"]
        day.end(Status.SUCCESS)
    day.instance.delete_run(oldest.run_id)
    day.repository._git("reset", "--hard", "--quiet", first)
    assert agents(day.look()) == ["a"]
    assert day.look() == []


def test_a_folder_that_is_no_agent_is_said(day: Day):
    day.commit({"a/x.md": "# One\n", "HR-Docs/x.md": "# One\n"})
    assert agents(day.look()) == ["a"]
    assert day.look() == []
    assert "HR-Docs is no agent: " in day.said


def test_a_branch_without_the_folder_ends_nobody(day: Day):
    day.commit({"a/x.md": "# One\n"})
    day.look()
    day.end(Status.SUCCESS)
    day.repository._git("checkout", "--quiet", "--orphan", "pages")
    day.repository._git("rm", "-rfq", ".")
    (day.repository.root / "knowledge").mkdir(exist_ok=True)
    day.repository.write({"index.html": "hello"})
    day.repository.commit()
    assert day.look() == []
    assert "there is no folder knowledge/ at" in day.said
    assert "check out a branch that has it" in day.said


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
    day.end(Status.SUCCESS)
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
    ("retention_cron", "often", "minute hour day month weekday"),
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
