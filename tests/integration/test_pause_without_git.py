"""An agent is paused while git is away, or on another host: that is when something must stop."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.writer_world import WriterWorld

AWAY = "https://127.0.0.1:9/knowledge.git"


def pause(world: WriterWorld, home: Path, agent: str, **more: str) -> dict[str, object]:
    """Type `kb pause`, and read what it says as JSON."""
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(home), **more,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "kb", "pause", agent, "--reason", "wrong words", "--json"],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.parametrize("more", [{"KNOWLEDGE_REPOSITORY": AWAY}, {"KNOWLEDGE_DIR": "/nowhere"}])
def test_what_was_ever_built_is_paused_without_git(
    world: WriterWorld, tmp_path: Path, more: dict[str, str]
):
    world.publish({"page.md": "# Page\n\nWords.\n"})
    assert pause(world, tmp_path, world.agent, **more)["agent_id"] == world.agent
    assert world.ledger.incidents.paused(world.agent)["reason"] == "wrong words"


def test_a_name_that_nothing_knows_needs_git(world: WriterWorld, tmp_path: Path):
    said = pause(world, tmp_path, f"{world.agent}_new", KNOWLEDGE_REPOSITORY=AWAY)
    assert "cannot be read" in str(said["error"])
    assert world.ledger.incidents.all_paused() == {}
