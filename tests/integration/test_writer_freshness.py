"""Whether an agent serves what git says, told by checks and by a sensor that runs nothing."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.upkeep.freshness import FRESH, POINTS, Look
from dagster_kb.upkeep.freshness_told import TELL, news, put_right
from dagster_kb.upkeep.live_told import stand_of
from kb.dagster_home import dagster_environment, write_dagster_home
from tests.doubles.departing_agents import collection_of, served_under_another_name
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGE = "# Tea\n\nGreen tea is brewed at eighty degrees for two minutes.\n"


def look(world: WriterWorld, *, later_minutes: float = 0, within: int = 60) -> Look:
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    seen = Look.at(folder, world.ledger, world.store, within)
    return replace(seen, now=time.time() + later_minutes * 60)


def checks_of(result: Any) -> dict[str, tuple[bool, str | None]]:
    return {
        one.check_name: (one.passed, one.partition) for one in result.get_asset_check_evaluations()
    }


def test_a_refresh_ends_with_both_checks_of_the_alias(world: WriterWorld):
    world.commit({"tea.md": PAGE})
    result = world.ingest()
    assert result.success
    told = checks_of(result)
    assert told[FRESH] == (True, world.agent)
    assert told[POINTS] == (True, world.agent)
    assert look(world).freshness(world.agent).said == "generation 1 is what git says"


def test_an_agent_that_is_behind_says_since_when(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nBlack tea wants boiling water.\n"})
    soon = look(world, later_minutes=5).freshness(world.agent)
    assert (soon.state, soon.passed) == ("catching up", True)
    late = look(world, later_minutes=200).freshness(world.agent)
    assert (late.state, late.passed) == ("behind", False)
    assert "generation 1 is 3 hours behind git" in late.said
    assert 199 < late.facts["minutes_behind"] < 202


def test_later_commits_elsewhere_do_not_make_it_look_younger(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    hour = 3600
    now = int(time.time())
    for name, age in (("first", 5 * hour), ("second", hour)):
        world.write({f"{name}.md": PAGE})
        commit_at(world.repository, now - age)
    world.write({"other.md": PAGE}, agent="another_agent")
    world.repository.commit()
    assert look(world).freshness(world.agent).facts["minutes_behind"] == pytest.approx(300, abs=2)


def commit_at(repository: GitRepository, moment: int) -> None:
    """Commit as if it were another time: git takes that from the environment only."""
    who = {f"GIT_{role}_{what}": "x@example.org" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip
    for command in (("add", "--all"), ("commit", "-qm", "then")):
        subprocess.run(
            ["git", *command], cwd=repository.root, check=True,
            env={**os.environ, **who, "GIT_COMMITTER_DATE": f"@{moment} +0000"},
        )  # fmt: skip


def test_why_the_last_run_failed_is_told(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nMore.\n", "golden.yaml": "questions:\n"
                  "  - {question: Where is coffee?, path: coffee.md}\n"})  # fmt: skip
    assert not world.ingest().success
    late = look(world, later_minutes=100).freshness(world.agent)
    assert "the last run failed" in late.said
    assert "golden.yaml: line 2" in late.said


def test_a_paused_agent_says_paused_and_does_not_fail(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nMore tea.\n"})
    world.ledger.incidents.pause(world.agent, "the canary died", "ann")
    standing = look(world, later_minutes=1000).freshness(world.agent)
    assert (standing.state, standing.passed) == ("paused", True)
    assert "ann" in standing.said


def test_an_agent_that_publishes_nothing_is_fresh_and_one_without_folder_is_gone(
    world: WriterWorld,
):
    world.commit({"draft.md": "---\nstatus: draft\n---\n# Not yet\n\nNothing.\n"})
    assert world.ingest().success
    assert look(world).freshness(world.agent).state == "fresh"
    assert look(world).freshness("nobody_here").state == "gone"


def test_an_alias_that_points_elsewhere_is_seen(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    assert look(world).alias(world.agent).state == "right"
    names = aliases_of(world.ledger.workspace, world.agent)
    world.store.drop_aliases(names[:1])
    wrong = look(world).alias(world.agent)
    assert (wrong.state, wrong.passed) == ("wrong", False)
    assert f"kb ingest --agent {world.agent}" in wrong.said


def test_aliases_that_follow_another_name_are_right_until_somebody_moves_them(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    new = served_under_another_name(world)
    followed = look(world).alias(world.agent)
    assert (followed.state, followed.said.partition("→ ")[2]) == (
        "right",
        collection_of(world, new),
    )
    world.store.drop_aliases(aliases_of("default", world.agent)[:1])
    moved = look(world).standings(world.agent)
    assert moved[POINTS].state == "wrong"
    assert f"`kb ingest --agent {new}` puts it back" in moved[POINTS].said
    [_] = put_right(world.ledger, world.store, [(world.agent, moved)], world.instance)
    assert look(world).alias(world.agent).state == "right"


@pytest.fixture
def kept(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    """Dagster on Postgres, where each result must be a row of its own."""
    write_dagster_home(tmp_path / "dagster", database_url)
    for name, value in dagster_environment(tmp_path / "dagster", database_url).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path / "dagster")) as opened:
        yield opened


def test_a_change_of_standing_is_told_once_and_kept_with_its_history(
    world: WriterWorld, kept: dg.DagsterInstance
):
    world.publish({"tea.md": PAGE})
    kept.add_dynamic_partitions("agents", [world.agent])
    sensor = world.definitions.get_sensor_def("freshness")
    resources = world.definitions.resources or {}

    def tick(cursor: str | None) -> Any:
        with dg.build_sensor_context(
            instance=kept, cursor=cursor,
            resources={name: resources[name] for name in ("folder", "ledger", "store")},
        ) as context:  # fmt: skip
            return sensor(context)

    def told(result: Any) -> list[tuple[str, bool]]:
        (request,) = result.run_requests
        job = world.definitions.resolve_job_def(TELL)
        done = job.execute_in_process(run_config=request.run_config, instance=kept)
        assert done.success
        return sorted((one.check_name, one.passed) for one in done.get_asset_check_evaluations())

    first = tick(None)
    assert told(first) == [(POINTS, True), (FRESH, True)]
    assert isinstance(tick(first.cursor), dg.SkipReason)

    world.commit({"tea.md": PAGE + "\nStill more tea.\n"})
    names = aliases_of(world.ledger.workspace, world.agent)
    world.store.drop_aliases(names[:1])
    second = tick(first.cursor)
    assert told(second) == [(POINTS, False), (FRESH, True)]

    key = dg.AssetCheckKey(dg.AssetKey("live_alias"), POINTS)
    rows = kept.event_log_storage.get_asset_check_execution_history(key, limit=10)
    assert [(one.partition, one.evaluation and one.evaluation.passed) for one in rows] == [
        (world.agent, False), (world.agent, True),
    ]  # fmt: skip


def test_time_alone_makes_news_too(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"tea.md": PAGE + "\nStill more tea.\n"})
    before = {world.agent: ["catching up", "right", stand_of(world.live()), ""]}
    assert isinstance(news(look(world), {world.agent}, before, world.instance), dg.SkipReason)
    late = news(look(world, later_minutes=500), {world.agent}, before, world.instance)
    assert isinstance(late, dg.SensorResult)
    assert len(late.run_requests or []) == 1


def test_a_run_that_failed_is_news_once(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.commit({"agent.yaml": "purpse: Answers about tea.\n"})
    before = {world.agent: ["catching up", "right", stand_of(world.live()), ""]}
    assert isinstance(news(look(world), {world.agent}, before, world.instance), dg.SkipReason)
    assert not world.ingest().success
    told = news(look(world), {world.agent}, before, world.instance)
    assert isinstance(told, dg.SensorResult)
    assert len(told.run_requests or []) == 1
    again = news(look(world), {world.agent}, json.loads(told.cursor or "{}"), world.instance)
    assert isinstance(again, dg.SkipReason)


def test_what_is_still_wrong_is_news_again_after_a_while(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    world.store.drop_aliases(aliases_of(world.ledger.workspace, world.agent))
    told = news(look(world), {world.agent}, {}, world.instance)
    assert isinstance(told, dg.SensorResult)
    cursor = json.loads(told.cursor or "{}")
    later = [news(look(world, later_minutes=one), {world.agent}, cursor, world.instance)
             for one in (0, 11)]  # fmt: skip
    assert isinstance(later[1], dg.SensorResult)
    assert len(later[1].run_requests or []) == 1
    assert isinstance(later[0], dg.SkipReason)


def test_the_aliases_of_others_wait_for_nobody_who_holds_an_agent(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    other = f"{world.agent}_other"
    world.write({"x.md": "# X\n\nWords of x.\n"}, agent=other)
    world.repository.commit()
    assert world.ingest(other).success
    agents = (world.agent, other)
    for one in agents:
        world.store.drop_aliases(aliases_of("default", one))
    found = [(one, look(world).standings(one)) for one in agents]
    with world.ledger.agent_lock(world.agent):
        said = list(put_right(world.ledger, world.store, found, world.instance))
    assert [one.split(":")[0] for one in said] == [f"the aliases of {other}"]
    assert [look(world).alias(one).state for one in agents] == ["wrong", "right"]


def test_one_that_cannot_be_put_right_holds_up_no_other_and_is_told(world: WriterWorld):
    world.publish({"tea.md": PAGE})
    found = look(world).standings(world.agent)
    wrong = {**found, POINTS: replace(found[POINTS], state="wrong")}
    asked = [("a name that no\0 database takes", wrong), (world.agent, wrong)]
    told = put_right(world.ledger, world.store, asked, world.instance)
    right = collection_of(world, world.agent)
    assert next(told) == f"the aliases of {world.agent}: right ({right})"
    with pytest.raises(ExceptionGroup, match="still wrong"):
        next(told)
