"""What is served is what git says now: a run that read an older commit does not replace a newer one."""

import threading
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dagster_kb.definitions import way_of
from dagster_kb.publishing.staging import Staging
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from tests.conftest import wait_for
from tests.doubles.writer_world import WriterWorld, why

WAITS = "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())"


def ingested_while(world: WriterWorld, database_url: str, change: Any) -> Any:
    """Start a run, and change the repository after it was read and before it is staged."""
    found: list[Any] = []
    running = threading.Thread(target=lambda: found.append(world.ingest()))
    key = f"order:{world.settings.workspace_id}:{world.agent}"
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url) as watching:
        watching.autocommit = True
        holder.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))
        running.start()
        wait_for(lambda: bool(watching.execute(WAITS).fetchone()), "the run is about to stage")
        change()
        holder.rollback()
        running.join(60)
    return found[0]


def test_a_commit_that_comes_before_staging_is_what_is_staged(
    world: WriterWorld, database_url: str
):
    world.publish({"x.md": "# X\n\nZero.\n"})
    world.commit({"x.md": "# X\n\nOne.\n"})
    newer: list[str] = []
    result = ingested_while(
        world, database_url, lambda: newer.append(world.commit({"x.md": "# X\n\nTwo.\n"}))
    )
    assert result.success, why(result)
    assert world.served_texts() == {"# X\n\nTwo."}
    assert world.live().git_sha == newer[0]


def test_a_commit_that_is_taken_back_before_staging_is_not_staged(
    world: WriterWorld, database_url: str
):
    world.publish({"x.md": "# X\n\nZero.\n"})
    first = world.live()
    world.commit({"x.md": "# X\n\nOne.\n"})
    result = ingested_while(
        world, database_url, lambda: world.repository._git("reset", "--hard", "-q", first.git_sha)
    )
    assert result.success, why(result)
    assert world.live().generation_id == first.generation_id


@dataclass(frozen=True)
class WatchedFolder(KnowledgeFolder):
    """Notes, whenever git is asked for the newest commit, whether a deletion by hand could go on."""

    watching: psycopg.Connection[Any] | None = None
    key: str = ""
    free: list[bool] = field(default_factory=list[bool])

    def is_newest(self, revision: Revision) -> bool:
        assert self.watching is not None
        query = "select pg_try_advisory_xact_lock(hashtextextended(%s, 1))"
        [(is_free,)] = self.watching.execute(query, (self.key,)).fetchall()
        self.free.append(is_free)
        return super().is_newest(revision)


def test_a_deletion_by_hand_waits_for_no_git_server(world: WriterWorld, database_url: str):
    world.commit({"x.md": "# X\n\nZero.\n"})
    key = f"stage:{world.settings.workspace_id}:{world.agent}"
    with psycopg.connect(database_url, autocommit=True) as watching:
        folder = WatchedFolder(world.settings.knowledge_dir, None, watching, key)
        way = way_of(world.settings, world.embedder)
        staging = Staging(folder, world.ledger, world.store, way)
        _, staged = staging.stage(world.agent, "run-1")
    assert staged.how == "new"
    assert folder.free == [True]
