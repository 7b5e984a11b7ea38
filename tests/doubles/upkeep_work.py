"""What the writer does beside publishing an edit, here or in a process that may be killed."""

import os
from collections.abc import Callable
from typing import Any

import dagster as dg

from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.upkeep.retention_job import RETENTION
from dagster_kb.upkeep.retirement import RETIRE, Departures, Leaving, Retirement
from tests.doubles.dying_writer import Place
from tests.doubles.git_repository import GitRepository
from tests.doubles.marking_writer import FAILED
from tests.doubles.writer_world import QUIET, WriterWorld

KEPT = 2
GRACE_HOURS = 24
AGED = (
    ("generations", "created_at"), ("documents", "created_at"), ("embeddings", "created_at"),
    ("pipeline_runs", "started_at"),
)  # fmt: skip


def in_a_process(doing: Callable[[WriterWorld], bool], place: Place) -> None:
    """Do it in this process, which ends with it."""
    repository = GitRepository(place.repository)
    world = WriterWorld(
        repository, place.database_url, place.qdrant_url, place.agent, keep_generations=KEPT
    )
    os._exit(0 if doing(world) else FAILED)


def forget(world: WriterWorld) -> bool:
    """Retention, as every night."""
    return _run(world, RETENTION, {})


def retire(world: WriterWorld, agent: str = "") -> bool:
    """End an agent whose folder is gone, or drop one whose grace is over."""
    return _run(world, RETIRE, {"retire_folder": Retirement(agent=agent or world.agent)})


def follow(world: WriterWorld, old: str, new: str) -> bool:
    """Find a folder under its new name, publish it so, and end the old name."""
    leaving(world, {old, new})
    return world.ingest(new).success and retire(world, old)


def leaving(world: WriterWorld, present: set[str]) -> Leaving:
    """What the sensor finds out about folders that are gone."""
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    return Departures(world.ledger, folder, GRACE_HOURS).leaving(folder.head(), present)


def let_time_pass(world: WriterWorld) -> None:
    """All that is there is old, and every grace is over."""
    with world.ledger.database.transaction() as connection:
        for table, column in AGED:
            connection.execute(
                f"update kb.{table} set {column} = {column} - interval '400 days'"  # noqa: S608
            )
        connection.execute("update kb.retirements set ended_at = ended_at - interval '2 days'")


def _run(world: WriterWorld, job: str, config: dict[str, Any]) -> bool:
    return (
        world.definitions.resolve_job_def(job)
        .execute_in_process(
            instance=world.instance, run_config=dg.RunConfig(config, loggers=QUIET),
            raise_on_error=False,
        )
        .success
    )  # fmt: skip
