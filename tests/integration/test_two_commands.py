"""Two `kb ingest` at once, as two people type them: the real command, model and Dagster."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGE = "# Page {0} of {1}\n\nWords that only page {0} of {1} has, so that it has a vector alone.\n"


def start(world: WriterWorld, home: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(home), "CHUNK_TOKENS": "40",
        "KNOWLEDGE_DIR": str(world.settings.knowledge_dir),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "kb", "ingest", "--json"], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_two_commands_over_all_agents_publish_each_once(world: WriterWorld, tmp_path: Path):
    agents = [world.agent, f"{world.agent}b", f"{world.agent}c"]
    for agent in agents:
        world.write({f"page{n}.md": PAGE.format(n, agent) for n in range(6)}, agent)
    world.repository.commit()
    both = [start(world, tmp_path / "home") for _ in range(2)]
    said = [one.communicate(timeout=500) for one in both]
    errors = [one["error"] for out, _ in said for one in json.loads(out)["runs"]]
    assert errors == [None] * 2 * len(agents), said
    assert [one.returncode for one in both] == [0, 0]
    for out, _ in said:
        told = json.loads(out)
        assert told["ok"]
        assert {one["agent"] for one in told["runs"]} == set(agents)
    for agent in agents:
        assert [one.state for one in world.ledger.generations.latest(agent)] == ["live"]
        live = world.ledger.generations.live(agent)
        assert live is not None
        assert live.documents == 6
        assert world.store.count(live.collection or "") == live.chunks
    assert world.count("alias_moves") == len(agents)
