"""What Qdrant lost of several agents: one that cannot be made again holds up no other."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dagster_kb.publishing.made_again import NotMended, reconcile, serve_paused_again
from dagster_kb.recovery import put_right
from dagster_kb.resources.ledger import open_ledger
from tests.doubles.departing_agents import texts
from tests.doubles.writer_world import WriterWorld

PAGE = "# Page\n\nWords."


@pytest.fixture
def broken(world: WriterWorld) -> str:
    """An agent beside that of the world; both lost their collections, and its row is damaged."""
    broken = f"a_{world.agent}"
    world.write({"page.md": f"{PAGE}\n"}, agent=broken)
    world.publish({"page.md": f"{PAGE}\n"})
    assert world.ingest(broken).success
    for agent in (world.agent, broken):
        live = world.ledger.generations.live(agent)
        assert live
        world.store.drop(live.collection or "")
    with world.ledger.database.transaction() as connection:
        connection.execute("update kb.generations set space = '{}' where agent_id = %s", (broken,))
    world.forget_counts()
    return broken


@pytest.fixture
def environment(world: WriterWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", world.settings.database_url.get_secret_value())
    monkeypatch.setenv("QDRANT_URL", world.settings.qdrant_url)
    monkeypatch.setenv("KNOWLEDGE_DIR", str(world.settings.knowledge_dir))
    monkeypatch.setenv("KB_HOME", str(tmp_path / "home"))


def ingest(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kb", "ingest", *words],
        capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip


def test_the_others_are_served_again_at_the_start(world: WriterWorld, broken: str):
    found = {one.agent: one.action for one in reconcile(world.ledger, world.store)}
    assert (found[broken], found[world.agent]) == ("not mended", "made again")
    assert texts(world, world.agent) == {PAGE}
    assert world.embedder.passages == []


def test_at_the_start_nobody_waits_for_who_works_on_an_agent(world: WriterWorld, broken: str):
    hasty = open_ledger(
        world.settings.database_url.get_secret_value(), world.ledger.workspace, lock_patience=1
    )
    with closing(hasty.database), world.ledger.agent_lock(world.agent):
        found = {one.agent: one.action for one in reconcile(hasty, world.store)}
        [asked_for] = serve_paused_again(hasty, world.store, [world.agent])
    assert (found[broken], found[world.agent]) == ("not mended", "left to who works on it")
    assert isinstance(asked_for, NotMended)
    assert "somebody else has worked on it" in asked_for.said
    assert texts(world, world.agent) is None


@pytest.mark.usefixtures("environment")
def test_at_the_start_those_that_are_left_are_named(world: WriterWorld, broken: str):
    assert put_right() == [broken]
    assert texts(world, world.agent) == {PAGE}


@pytest.mark.usefixtures("environment")
def test_the_command_makes_those_again_that_it_is_asked_for(world: WriterWorld, broken: str):
    for agent in (world.agent, broken):
        world.ledger.incidents.pause(agent, "wrong words", "operator")
    assert "nobody" in ingest("--agent", "nobody").stderr
    assert texts(world, world.agent) is None
    refused = ingest("--agent", world.agent)
    assert f"{world.agent} is paused, and was not served right: made again" in refused.stderr
    assert (refused.returncode, broken in refused.stderr) == (1, False)
    assert texts(world, world.agent) == {PAGE}
    done = ingest("--json")
    notes = json.loads(done.stdout)["notes"]
    assert [one for one in notes if f"what {broken} served is not made again" in one], notes
