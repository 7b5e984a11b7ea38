"""Qdrant comes back empty, or Postgres from a backup that is older than what Qdrant holds."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.made_again import reconcile
from dagster_kb.publishing.serving_checks import ServingChecks
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.upkeep.freshness import Look
from dagster_kb.upkeep.freshness_told import put_right
from dagster_kb.upkeep.hot_deletion import HotDeletion
from kb_contract.identifiers import collection_name, other_colour
from tests.conftest import RunningPostgres
from tests.doubles.clean_build import built_from_nothing, served_by
from tests.doubles.qdrant_servers import QdrantServer, running
from tests.doubles.writer_world import WriterWorld, failures, why

NAME = "Jane Roe lives in 5 Elm Street."
KEPT = "# Kept\n\nThe same in all."
LEAKED = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture(
    scope="module", params=["server", pytest.param("owner", marks=pytest.mark.full)]
)  # fmt: skip
def server(request: pytest.FixtureRequest) -> Iterator[QdrantServer]:
    with running(request.param) as server:
        yield server


@pytest.fixture
def qdrant_url(server: QdrantServer) -> str:
    return server.url


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"kept.md": f"{KEPT}\n"})
    return world


def page(words: str) -> dict[str, str]:
    return {"page.md": f"# Page\n\n{words}\n"}


def lose_everything(server: QdrantServer) -> None:
    """Stop it, and start it at the same address on an empty disk."""
    server.stop()
    for one in server.folder.iterdir():
        if one.name in ("owner", "server"):
            shutil.rmtree(one)
    server.start()


def assert_served(world: WriterWorld, number: int, words: str) -> None:
    """It is live, exactly, and nothing was embedded."""
    assert world.live().number == number
    assert world.served_texts() == {KEPT, f"# Page\n\n{words}"}
    assert set(world.served()) == set(world.ledger.documents.manifest(world.live().generation_id))
    assert world.embedder.passages == []
    checks = ServingChecks(world.ledger, world.store, world.embedder).run(world.agent)
    assert (checks["alias"].passed, checks["points"].passed) == (True, True)


def deleted_by_hand(world: WriterWorld) -> None:
    """Three generations, the first pinned, of which words were deleted by hand."""
    world.write({"people.md": f"# People\n\n{NAME}\n"})
    first, *_ = [world.publish(page(words)) for words in ("One.", "Two.", "Three.")]
    world.ledger.ways_back.pin(first, "audit", reason="audit", ends_at=None)
    point = next(one for one, said in world.served().items() if NAME in said["text_chunk"])
    HotDeletion(world.ledger, world.store).delete(point, reason="an address", by="operator")
    world.forget_counts()


@pytest.mark.parametrize(
    ("looked", "paused"),
    [
        ("at the start", True),
        ("by the sensor", True),
        ("by a run", False),
        pytest.param("at the start", False, marks=pytest.mark.full),
        pytest.param("by a run", True, marks=pytest.mark.full),
    ],
)
def test_an_emptied_qdrant_is_filled_again_without_embedding(
    world: WriterWorld, server: QdrantServer, looked: str, paused: bool
):
    deleted_by_hand(world)
    if not paused:
        world.ledger.incidents.resume(world.agent, "operator")
    lose_everything(server)
    if looked == "at the start":
        found = {one.agent: one.action for one in reconcile(world.ledger, world.store)}
        assert found[world.agent] == "made again"
    elif looked == "by the sensor":
        seen = Look.at(world.looked_with["folder"], world.ledger, world.store, within_minutes=60)
        standings = [(world.agent, seen.standings(world.agent))]
        [said] = put_right(world.ledger, world.store, standings, world.instance)
        assert "made again" in said
    elif paused:
        assert world.waits()
    else:
        result = world.ingest()
        assert result.success, why(result)
    assert_served(world, 3, "Three.")
    way = WayBack(world.ledger, world.store, world.embedder)
    assert way.roll_back(world.agent, 1, reason="wrong words", by="operator").live == 1
    assert_served(world, 1, "One.")


def test_the_command_fills_it_again_for_an_agent_that_it_leaves_alone(
    world: WriterWorld, server: QdrantServer, tmp_path: Path
):
    deleted_by_hand(world)
    lose_everything(server)
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(tmp_path / "home"),
        "KNOWLEDGE_DIR": str(world.settings.knowledge_dir),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "kb", "ingest", "--json"],
        env=environment, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert "is paused" in json.loads(done.stdout)["notes"][0], done.stderr
    assert_served(world, 3, "Three.")


@pytest.fixture
def backup(world: WriterWorld, postgres: RunningPostgres) -> Iterator[str]:
    """Where a ledger lies that knows the first two generations only."""
    for words in ("One.", "Two."):
        world.publish(page(words))
    world.ledger.database.close()
    url = world.settings.database_url.get_secret_value()
    name = f"{url.rpartition('/')[2].partition('?')[0]}_old"
    copied = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(name.removesuffix("_old"))
    )
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(copied)
    yield postgres.url(name)
    postgres.execute("drop database {name} with (force)", name)


def restored(world: WriterWorld, backup: str) -> WriterWorld:
    """Go on with the ledger of the backup, over the same repository and Qdrant."""
    return WriterWorld(world.repository, backup, world.settings.qdrant_url, world.agent)


@pytest.mark.parametrize(
    "later", [2, *(pytest.param(later, marks=pytest.mark.full) for later in (1, 3))]
)
def test_what_is_newer_than_the_ledger_ends_where_a_clean_build_ends(
    world: WriterWorld, backup: str, postgres: RunningPostgres, qdrant_url: str, later: int
):
    for nth in range(later):
        world.publish(page(f"Later {nth}."))
    old = restored(world, backup)
    reconcile(old.ledger, old.store)
    result = old.ingest()
    assert result.success, why(result)
    served = served_by(old, [old.agent])
    old.ledger.database.close()
    with running("owner") as other:
        assert served == built_from_nothing(old, [old.agent], postgres, other.url)


@pytest.mark.parametrize("looked", ["at the start", "by a run"])
def test_no_alias_goes_to_what_was_refused_after_the_backup(
    world: WriterWorld, backup: str, looked: str
):
    """The colour that the ledger calls live holds what gates refused since."""
    world.publish(page("Later."))
    world.commit(page(f"The key is {LEAKED} here."))
    assert "no_secrets" in str(failures(world.ingest()))
    old = restored(world, backup)
    if looked == "at the start":
        assert [one.action for one in reconcile(old.ledger, old.store)] == ["made again"]
    else:
        assert "no_secrets" in str(failures(old.ingest()))
        old.forget_counts()
    assert_served(old, 2, "Two.")
    old.ledger.database.close()


def test_nothing_is_built_where_aliases_lead(world: WriterWorld):
    """What the ledger calls live is lost with its vectors, and somebody moved the aliases."""
    world.publish(page("One."))
    live = world.publish(page("Two."))
    before = collection_name("default", world.agent, other_colour(live.colour))
    world.store.point_aliases(aliases_of("default", world.agent), before)
    world.store.drop(live.collection or "")
    served = world.served()
    with world.ledger.database.transaction() as connection:
        connection.execute("delete from kb.embeddings")
    world.commit(page("Three."))
    assert "aliases lead to" in why(world.ingest())
    assert world.served() == served
