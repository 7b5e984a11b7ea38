"""What a tick of the sensor asks for: edits, new and gone folders, reverts, rewritten history."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from pydantic import SecretStr

from dagster_kb.definitions import build_definitions
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger import open_ledger
from dagster_kb.settings import WriterSettings
from dagster_kb.triggers.automation import config_digest
from dagster_kb.triggers.knowledge_tick import REFRESH, RUNS_IN_A_TICK, Demand, Sight, plan_tick
from dagster_kb.upkeep.retirement import QUICK_ATTEMPTS, RETIRE, retirement, retiring
from tests.doubles.dagster_in_memory import instance_in_memory
from tests.doubles.git_repository import GitRepository
from tests.doubles.hash_embedder import HashEmbedder


class SensorWorld:
    """A repository, an instance, and a daemon's memory: cursor, partitions, run keys."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.repository = GitRepository(folder)
        self.settings = WriterSettings(
            database_url=SecretStr(database_url),
            qdrant_url="http://127.0.0.1:1",
            knowledge_dir=folder / "knowledge",
        )
        self.ledger = open_ledger(database_url, self.settings.workspace_id)
        definitions = build_definitions(self.settings, embedder=HashEmbedder())
        self.sensor = definitions.get_sensor_def("knowledge_changes")
        self.instance = instance_in_memory()
        self.cursor: str | None = None
        self.run_keys: set[str] = set()

    def commit(self, files: dict[str, str]) -> str:
        self.repository.write({f"knowledge/{name}": text for name, text in files.items()})
        return self.repository.commit()

    def tick(self) -> list[tuple[str | None, str | None]]:
        """Evaluate once as the daemon does; returns (job, agent) of the runs that are new."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor,
            resources={"folder": KnowledgeFolder(self.settings.knowledge_dir),
                       "ledger": self.ledger},
        )  # fmt: skip
        result = self.sensor(context)
        if isinstance(result, dg.SkipReason):
            return []
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        for request in result.dynamic_partitions_requests or []:
            assert isinstance(request, dg.AddDynamicPartitionsRequest)
            self.instance.add_dynamic_partitions("agents", request.partition_keys)
        new = [one for one in result.run_requests or [] if one.run_key not in self.run_keys]
        self.run_keys |= {one.run_key for one in new if one.run_key}
        return [(one.job_name, one.tags["kb/agent"]) for one in new]


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[SensorWorld]:
    world = SensorWorld(tmp_path / "repo", database_url)
    (world.repository.root / "knowledge").mkdir()
    yield world
    world.instance.dispose()
    world.ledger.database.close()


def test_every_folder_is_an_agent_and_each_runs_once(world: SensorWorld):
    world.commit({"a/x.md": "# X\n", "b/x.md": "# X\n", ".hidden/x.md": "# X\n"})
    assert world.tick() == [(REFRESH, "a"), (REFRESH, "b")]
    assert set(world.instance.get_dynamic_partitions("agents")) == {"a", "b"}
    assert world.tick() == []


def test_only_what_changed_runs(world: SensorWorld):
    world.commit({"a/x.md": "# X\n", "b/x.md": "# X\n"})
    world.tick()
    world.commit({"b/x.md": "# Y\n"})
    assert world.tick() == [(REFRESH, "b")]
    world.repository.write({"elsewhere.txt": "not knowledge"})
    world.repository.commit()
    assert world.tick() == []


def test_a_revert_runs_again_though_its_tree_is_an_old_one(world: SensorWorld):
    world.commit({"a/x.md": "# One\n"})
    world.tick()
    world.commit({"a/x.md": "# Two\n"})
    world.tick()
    world.commit({"a/x.md": "# One\n"})
    assert world.tick() == [(REFRESH, "a")]


def test_rewritten_history_is_followed(world: SensorWorld):
    world.commit({"a/x.md": "# One\n"})
    world.tick()
    world.commit({"a/x.md": "# Two\n"})
    world.tick()
    world.repository._git("reset", "--hard", "--quiet", "HEAD~1")
    world.commit({"a/x.md": "# Three\n"})
    assert world.tick() == [(REFRESH, "a")]


def test_a_gone_folder_is_retired_even_when_the_cursor_is_lost(world: SensorWorld):
    world.commit({"a/x.md": "# X\n", "b/x.md": "# X\n"})
    world.tick()
    world.repository.remove("knowledge/b")
    world.repository.commit()
    world.cursor = None
    assert (RETIRE, "b") in world.tick()


def retired(world: SensorWorld, agent: str, status: dg.DagsterRunStatus) -> None:
    """A retirement of the agent that ended so."""
    tags = {"kb/agent": agent, "kb/commit": world.repository.head()}
    config = retiring(agent, "any", "any").run_config
    world.instance.create_run_for_job(retirement, run_config=config, tags=tags, status=status)


def test_a_retirement_that_failed_is_asked_for_again(
    world: SensorWorld, monkeypatch: pytest.MonkeyPatch
):
    world.commit({"a/x.md": "# X\n", "b/x.md": "# X\n"})
    world.tick()
    world.repository.remove("knowledge/b")
    world.repository.commit()
    monkeypatch.setattr(time, "time", lambda: 3600.0)
    for _ in range(QUICK_ATTEMPTS):
        assert world.tick() == [(RETIRE, "b")]
        assert world.tick() == []
        retired(world, "b", dg.DagsterRunStatus.FAILURE)
    assert world.tick() == [(RETIRE, "b")]
    retired(world, "b", dg.DagsterRunStatus.FAILURE)
    assert world.tick() == []
    monkeypatch.setattr(time, "time", lambda: 7200.0)
    assert world.tick() == [(RETIRE, "b")]


def test_changed_settings_are_a_change(world: SensorWorld):
    world.commit({"a/x.md": "# X\n"})
    world.tick()
    other = config_digest(world.settings.model_copy(update={"chunk_tokens": 77}))
    seen = json.loads(world.cursor or "{}")
    sight = Sight("c1", {"a": seen["a"].split("+")[0]}, seen, {"a"}, other)
    assert len(plan_tick(sight, Demand()).run_requests or []) == 1


def test_another_reader_is_a_change(world: SensorWorld, monkeypatch: pytest.MonkeyPatch):
    before = config_digest(world.settings)
    monkeypatch.setattr("dagster_kb.triggers.automation.VERSIONS", -1)
    assert config_digest(world.settings) != before


def test_a_tick_is_short_and_the_rest_comes_with_the_next():
    trees = {f"agent{number:04}": "tree" for number in range(RUNS_IN_A_TICK + 5)}
    first = plan_tick(Sight("c1", trees, {}, set(), "d"), Demand())
    assert len(first.run_requests or []) == RUNS_IN_A_TICK
    seen = json.loads(first.cursor or "{}")
    second = plan_tick(Sight("c1", trees, seen, set(seen), "d"), Demand())
    assert len(second.run_requests or []) == 5


def test_a_folder_outside_of_git_is_said(tmp_path: Path):
    (tmp_path / "knowledge").mkdir()
    settings = WriterSettings(
        database_url=SecretStr("postgresql://nobody@127.0.0.1:1/none"),
        qdrant_url="http://127.0.0.1:1", knowledge_dir=tmp_path / "knowledge",
    )  # fmt: skip
    sensor = build_definitions(settings, embedder=HashEmbedder()).get_sensor_def(
        "knowledge_changes"
    )
    with dg.DagsterInstance.ephemeral() as instance:
        result = sensor(dg.build_sensor_context(
            instance=instance,
            resources={"folder": KnowledgeFolder(settings.knowledge_dir),
                       "ledger": open_ledger("postgresql://nobody@127.0.0.1:1/none", "default")},
        ))  # fmt: skip
    assert isinstance(result, dg.SkipReason)
    assert "git init" in (result.skip_message or "")
