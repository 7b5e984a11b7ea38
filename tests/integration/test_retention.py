"""What nobody can go back to is deleted, and nothing else; a run that comes by loses nothing."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import typer
from psycopg.errors import LockNotAvailable
from typer.testing import CliRunner

from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger_database import run
from dagster_kb.resources.ledger_retention import Keep
from dagster_kb.upkeep.retention import Retention
from dagster_kb.upkeep.retention_job import RETENTION
from kb.commands.retention import retention as the_command
from kb_contract.errors import BadInput
from tests.doubles.aged_rows import rows
from tests.doubles.writer_world import QUIET, WriterWorld, failures


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"kept.md": "# Kept\n\nThe same in all.\n"})
    return world


def retention(world: WriterWorld, generations: int = 2, days: int = 90) -> Retention:
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    return Retention(world.ledger, world.store, folder, Keep(generations, days), 24)


def published(world: WriterWorld, *words: str) -> None:
    for one in words:
        world.publish({"page.md": f"# Page\n\n{one}\n"})


def age(world: WriterWorld, days: int = 400) -> None:
    """Let all that is there be old."""
    with world.ledger.database.transaction() as connection:
        for table, column in (
            ("generations", "created_at"), ("documents", "created_at"),
            ("embeddings", "created_at"), ("pipeline_runs", "started_at"),
        ):  # fmt: skip
            connection.execute(
                f"update kb.{table} set {column} = {column} - make_interval(days => %s)",  # noqa: S608
                (days,),
            )


def kept(world: WriterWorld) -> list[int]:
    return sorted(one.number for one in world.ledger.generations.latest(world.agent)
                  if one.pruned_at is None)  # fmt: skip


def test_old_generations_go_and_their_history_stays(world: WriterWorld):
    published(world, "One.", "Two.", "Three.", "Four.")
    age(world)
    before = {table: world.count(table) for table in ("documents", "chunks", "embeddings")}
    look = retention(world).look()
    assert look.generations == {world.agent: [1, 2]}
    assert (look.documents, look.chunks, look.embeddings) == (2, 2, 2)
    assert look.bytes > 600
    assert {table: world.count(table) for table in before} == before

    went = retention(world).run()
    assert (went.generations, went.documents, went.embeddings) == (look.generations, 2, 2)
    assert {table: world.count(table) for table in before} == {
        name: number - 2 for name, number in before.items()
    }
    assert kept(world) == [3, 4]
    assert [one.number for one in world.ledger.generations.latest(world.agent)] == [4, 3, 2, 1]
    assert world.served_texts() == {"# Kept\n\nThe same in all.", "# Page\n\nFour."}
    back = WayBack(world.ledger, world.store, world.embedder)
    with pytest.raises(BadInput, match="only its history is kept"):
        back.roll_back(world.agent, 1, reason="r", by="b")
    assert back.roll_back(world.agent, reason="r", by="b").live == 3
    assert retention(world).run().generations == {}


def test_the_way_back_stays_though_younger_ones_go_that_a_rollback_went_past(world: WriterWorld):
    published(world, "One.", "Bad.", "Worse.")
    back = WayBack(world.ledger, world.store, world.embedder)
    back.roll_back(world.agent, 1, reason="r", by="b")
    world.ledger.incidents.resume(world.agent, "b")
    published(world, "Four.")
    # What a gate refuses takes the other colour, in which the way back lay until now.
    world.commit({"page.md": f"# Page\n\nThe key is {'AKIA' + 'QYLPMN5HFIQR7XYA'}.\n"})
    assert not world.ingest().success
    age(world)
    assert retention(world, generations=1).run().generations == {world.agent: [2, 3]}
    assert back.roll_back(world.agent, reason="r", by="b").live == 1


def test_young_pinned_previous_and_the_last_so_many_stay(world: WriterWorld):
    published(world, "One.", "Two.", "Three.", "Four.")
    assert retention(world).run().generations == {}
    age(world)
    pinned = world.ledger.ways_back.numbered(world.agent, 1)
    ended = world.ledger.ways_back.numbered(world.agent, 2)
    now = datetime.now(UTC)
    world.ledger.ways_back.pin(pinned, "person:a", reason="audit", ends_at=now + timedelta(days=1))
    world.ledger.ways_back.pin(ended, "person:a", reason="", ends_at=now - timedelta(days=1))
    assert retention(world, generations=1).run().generations == {world.agent: [2]}
    assert kept(world) == [1, 3, 4]
    with pytest.raises(BadInput, match="only its history"):
        world.ledger.ways_back.pin(ended, "person:b", reason="", ends_at=None)
    assert world.ledger.ways_back.unpin(pinned, "person:a")
    assert retention(world, generations=1).run().generations == {world.agent: [1]}


@pytest.mark.full
def test_the_way_back_stays_though_a_younger_one_was_gone_back_from(world: WriterWorld):
    published(world, "One.", "Two.", "Three.")
    back = WayBack(world.ledger, world.store, world.embedder)
    assert back.roll_back(world.agent, reason="three is wrong", by="b").live == 2
    world.ledger.incidents.resume(world.agent, "b")
    published(world, "Four.")
    # A build that is refused takes the colour in which the way back lay.
    world.commit({"golden.yaml": "questions:\n- question: where is it\n  path: nowhere.md\n"})
    assert "gates" in failures(world.ingest())
    age(world)
    assert 2 not in retention(world, generations=1).run().generations[world.agent]
    assert back.roll_back(world.agent, reason="four is wrong", by="b").live == 2


def test_what_another_agent_uses_stays(world: WriterWorld):
    published(world, "One.", "Two.", "Three.", "Four.")
    other = f"{world.agent}_other"
    world.write({"page.md": "# Page\n\nOne.\n"}, agent=other)
    world.repository.commit()
    assert world.ingest(other).success
    age(world)
    went = retention(world).run()
    assert (went.generations, went.documents) == ({world.agent: [1, 2]}, 1)
    assert world.ingest(other, force=True).success
    assert world.embedder.texts == []


def test_a_run_that_is_about_to_use_old_texts_again_loses_nothing(world: WriterWorld):
    """It reverts to words that only pruned generations had; retention comes by in the middle."""
    published(world, "One.", "Two.", "Three.", "Four.")
    age(world)
    seen: list[tuple[int, list[str]]] = []

    def meanwhile() -> None:
        world.embedder.before_embedding = None
        went = retention(world).run()
        seen.append((went.documents + went.embeddings, went.waits_for))

    world.embedder.before_embedding = meanwhile
    world.commit({"page.md": "# Page\n\nOne.\n", "new.md": "# New\n\nNever seen.\n"})
    assert world.ingest().success
    assert seen == [(0, [f"{world.agent} 5"])]
    assert world.embedder.texts == ["New\n\n# New\n\nNever seen."]
    assert "# Page\n\nOne." in world.served_texts()
    went = retention(world).run()
    assert (went.documents, went.waits_for) == (2, [])
    assert "# Page\n\nOne." in world.served_texts()
    assert world.ingest(force=True).success


def test_staging_waits_for_a_deletion_that_is_under_way(world: WriterWorld):
    """Between the look for unfinished work and the deletion nobody can begin."""
    published(world, "One.")
    with world.ledger.database.transaction() as connection:
        run(connection, "hold_staging")
        with pytest.raises(LockNotAvailable):
            try_to_stage(world)


def try_to_stage(world: WriterWorld) -> None:
    with world.ledger.database.transaction() as other:
        other.execute("set local lock_timeout = '200ms'")
        other.execute("update kb.generations set reason = reason")


def test_trees_of_uncommitted_work_go_with_the_last_generation_that_quotes_them(
    world: WriterWorld,
):
    published(world, "One.")
    for words in ("Draft A.", "Draft B.", "Draft C."):
        world.write({"page.md": f"# Page\n\n{words}\n"})
        assert world.ingest(uncommitted=True).success

    def refs() -> int:
        return len(world.repository._git("for-each-ref", "refs/scriptorium").split())

    before = refs()
    age(world)
    assert retention(world).run().trees == 1
    assert refs() < before
    live = world.live()
    assert "Draft C." in world.repository.show(live.git_sha, world.path("page.md"))


def test_dagster_runs_it(world: WriterWorld):
    published(world, "One.")
    job = world.definitions.resolve_job_def(RETENTION)
    result = job.execute_in_process(instance=world.instance, run_config={"loggers": QUIET})
    assert result.success
    assert isinstance(
        world.definitions.get_schedule_def("retention_nightly"), dg.ScheduleDefinition
    )


def test_words_are_not_counted_from_what_was_pruned(world: WriterWorld):
    published(world, "One.", "Two.", "Three.")
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, 1, reason="bad", by="operator"
    )
    world.ledger.incidents.resume(world.agent, "operator")
    for number in (2, 3):
        pruned = world.ledger.ways_back.numbered(world.agent, number)
        assert world.ledger.retention.prune(pruned.generation_id)
        assert world.ledger.terms.of(pruned).chunks == 0
    live = world.publish({"page.md": "# Page\n\nFour.\n", "more.md": "# More\n\nMore.\n"})
    assert world.ledger.terms.of(live).chunks == live.chunks == 3


@pytest.mark.stack
def test_the_command_tells_of_what_the_server_keeps_too(world: WriterWorld, tmp_path: Path):
    published(world, "One.")
    url = world.settings.database_url.get_secret_value()
    rows(url, "insert into ops.answers (answer_id, question, query_type, status, answer, plan, created_at)"
              " values ('a', 'q', 'catalogue', 'completed', 'a', '{}', now() - interval '40 days')")  # fmt: skip
    environment = {
        **os.environ, "DATABASE_URL": url, "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(tmp_path),
        "KNOWLEDGE_DIR": str(world.settings.knowledge_dir), "KEEP_ANSWERS_DAYS": "30",
    }  # fmt: skip

    command = [sys.executable, "-m", "kb", "retention", "--dry-run", "--json"]
    said = subprocess.run(command, env=environment, text=True, capture_output=True, check=True)
    told = {one["store"]: one for one in json.loads(said.stdout)["server"]}
    assert told["answers"] == {
        "store": "answers", "setting": "KEEP_ANSWERS_DAYS", "days": 30, "over_age": 1,
    }  # fmt: skip
    assert told["sessions"]["days"] == 0
    typed = typer.Typer()
    typed.command()(the_command)
    done = CliRunner().invoke(typed, env=environment)
    assert "answers: kept 30 days (KEEP_ANSWERS_DAYS), 1 went" in done.stdout, done.output
    assert rows(url, "select from ops.answers") == []
