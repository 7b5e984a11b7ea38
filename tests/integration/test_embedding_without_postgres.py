"""A Postgres that goes away while texts are embedded is no text's fault, and costs no vector."""

import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from dagster._utils.error import serializable_error_info_from_exc_info
from psycopg import sql

from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT, EmbeddingJob
from dagster_kb.resources.ledger import open_ledger
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.resources.ledger_embeddings import EmbeddingLedger
from dagster_kb.triggers.second_tries import PASSING
from kb_contract.generation import Generation
from tests.conftest import RunningPostgres, wait_for
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.writer_world import WriterWorld

MANY = TEXTS_IN_A_COMMIT * 3
KEEPING = (
    "select pid from pg_locks where not granted and relation = 'kb.embeddings'::regclass limit 1"
)


def staged(world: WriterWorld) -> Generation:
    world.commit({f"p{at}.md": f"# Page {at}\n\nWords of page {at}.\n" for at in range(MANY)})
    world.ingest(only=["parsed_documents", "chunks"])
    return world.ledger.generations.latest(world.agent)[0]


def blamed(world: WriterWorld) -> int:
    with world.ledger.database.transaction() as connection:
        row = connection.execute(
            "select count(*) as n from kb.chunk_runs where error_type is not null"
        ).fetchone()
    return row["n"] if row else -1


def test_a_connection_that_breaks_while_vectors_are_kept_has_nothing_embedded_twice(
    world: WriterWorld, database_url: str
):
    generation, embedder = staged(world), HashEmbedder()
    with psycopg.connect(database_url) as holder, psycopg.connect(database_url) as admin:
        admin.autocommit = True
        holder.execute("lock table kb.embeddings in share mode")
        done: list[int] = []
        job = EmbeddingJob(world.ledger, embedder, generation)
        working = threading.Thread(target=lambda: done.append(job.run().texts))
        working.start()
        wait_for(lambda: bool(admin.execute(KEEPING).fetchone()), "a batch is being kept")
        first = admin.execute(KEEPING).fetchone()
        admin.execute("select pg_terminate_backend(%s)", first)
        wait_for(lambda: admin.execute(KEEPING).fetchone() not in (None, first), "it is kept anew")
        holder.rollback()
        working.join(60)
    assert done == [MANY]
    assert len(embedder.texts) == MANY
    assert blamed(world) == 0


def test_an_outage_that_lasts_blames_no_text_and_loses_what_was_not_kept_only(
    world: WriterWorld, database_url: str, postgres: RunningPostgres
):
    generation, embedder = staged(world), HashEmbedder()
    database = LedgerDatabase(database_url, patience=0.2)
    ledger = replace(
        open_ledger(database_url, world.ledger.workspace),
        database=database, embeddings=EmbeddingLedger(database),
    )  # fmt: skip
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    embedder.before_embedding = after(2, lambda: go_away(postgres, str(name)))
    waiting = ledger.embeddings.missing(generation, embedder.space.space_id)
    with pytest.raises(psycopg.OperationalError) as kept:
        EmbeddingJob(ledger, embedder, generation).run()
    with pytest.raises(psycopg.OperationalError) as read:
        ledger.embeddings.texts(waiting[:1])
    assert {type(one.value).__name__ for one in (kept, read)} <= PASSING  # so it is tried again
    database.close()
    postgres.execute("alter database {name} allow_connections true", str(name))

    assert blamed(world) == 0
    embedder.texts.clear()
    embedder.before_embedding = None
    done = EmbeddingJob(world.ledger, embedder, generation).run()
    assert (done.texts, done.reused) == (MANY - 2 * TEXTS_IN_A_COMMIT, 2 * TEXTS_IN_A_COMMIT)


def after(calls: int, do: Callable[[], None]) -> Callable[[], None]:
    left = [calls]

    def call() -> None:
        left[0] -= 1
        if left[0] == -1:
            do()

    return call


def go_away(postgres: RunningPostgres, name: str) -> None:
    postgres.execute("alter database {name} allow_connections false", name)
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,)
        )


def test_what_postgres_says_when_it_ends_is_trouble_that_passes(database_url: str):
    with psycopg.connect(database_url) as own, psycopg.connect(database_url) as admin:
        admin.execute("select pg_terminate_backend(%s)", (own.info.backend_pid,))
        try:
            own.execute(sql.SQL("select 1"))
        except psycopg.Error:
            said = serializable_error_info_from_exc_info(sys.exc_info())
    assert said.cls_name in PASSING
