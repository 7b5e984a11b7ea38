"""`kb ingest` on a terminal shows bars that move, and gives the terminal back as it was."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from dagster_kb.intake.estimates import SMALL_TEXTS
from tests.doubles.terminal import CTRL_C, OnATerminal
from tests.doubles.writer_world import WriterWorld

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
PAGES = 70
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"


def on_a_terminal(
    world: WriterWorld, home: Path, *options: str, yes: bool = True, **more: str
) -> OnATerminal:
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(home),
        "KNOWLEDGE_DIR": str(world.settings.knowledge_dir), "EMBEDDING_PROCESSES": "1", **more,
    }  # fmt: skip
    agreed = ["--yes"] if yes else []
    return OnATerminal(
        [sys.executable, "-m", "kb", "ingest", *agreed, *options], environment,
        pipes_stdout="--json" in options,
    )  # fmt: skip


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.commit({f"page{n}.md": f"# Page {n}\n\nWords of page {n} alone.\n" for n in range(PAGES)})
    return world


def shown_of(seen: str, what: str) -> list[str]:
    """How far a bar was, each time that it was drawn."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    return re.findall(rf"{what}\s+[━╸╺ ]+\s*(\d+/\d+)", plain)


def test_bars_move_to_their_end_and_a_table_says_what_became_of_it(
    world: WriterWorld, tmp_path: Path
):
    code, seen, _ = on_a_terminal(world, tmp_path / "home").ended()
    assert code == 0, seen
    assert shown_of(seen, "agents")[-1] == "1/1"
    embedded = shown_of(seen, f"{world.agent} embedding")
    assert embedded[-1] == f"{PAGES}/{PAGES}", seen
    assert SHOWN in seen.rpartition(HIDDEN)[2]
    assert "DONE" in seen


def test_json_goes_to_the_pipe_whole_and_no_bar_to_the_terminal(world: WriterWorld, tmp_path: Path):
    code, seen, piped = on_a_terminal(world, tmp_path / "home", "--json").ended()
    assert code == 0, seen
    assert json.loads(piped)["runs"][0]["agent"] == world.agent
    assert shown_of(seen, "agents") == []


def test_ctrl_c_gives_the_terminal_its_cursor_back(world: WriterWorld, tmp_path: Path):
    running = on_a_terminal(world, tmp_path / "home")
    running.wait_to_see(f"{world.agent} embedding".encode())
    running.type(CTRL_C)
    code, seen, _ = running.ended()
    assert code in (0, 1, 130), seen  # it may have come to its end, or to what follows its runs
    assert SHOWN in seen.rpartition(HIDDEN)[2]


def test_before_a_long_run_a_person_is_asked_and_a_no_builds_nothing(
    world: WriterWorld, tmp_path: Path
):
    words = " ".join(f"word{n}" for n in range(100))
    world.commit({f"more{n}.md": f"# More {n}\n\n{words}\n" for n in range(SMALL_TEXTS)})
    running = on_a_terminal(world, tmp_path / "home", yes=False, INGEST_ASK_MINUTES="0")
    running.wait_to_see(b"Go on?")
    running.type(b"n\n")
    code, seen, _ = running.ended()
    assert code == 1, seen
    assert "are to be embedded" in seen
    assert world.ledger.generations.latest(world.agent) == []
