"""What `kb ingest` takes for a change: renamed, refused, mistyped, ignored, and not committed yet."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.definitions import folder_of
from dagster_kb.publishing.alias_moves import aliases_of
from kb.commands.ingest_plan import Asked, Work, plan_work
from kb_contract.errors import BadInput
from tests.doubles.writer_world import WriterWorld, why

PAGE = "# Keys\n\nWords about keys.\n"


def plan(world: WriterWorld, *paths: Path, **words: Any) -> Work:
    asked = Asked(paths, **words)
    return plan_work(world.settings, folder_of(world.settings), world.ledger, asked)


def ingest(world: WriterWorld, home: Path, *words: str) -> Any:
    """Run the command as people do."""
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(home), "CHUNK_TOKENS": "40",
        "KNOWLEDGE_DIR": str(world.settings.knowledge_dir), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "kb", "ingest", "--json", *words], env=environment, text=True,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.stack
@pytest.mark.timeout(600)
def test_a_renamed_folder_ends_with_the_command_that_serves_its_new_name(
    world: WriterWorld, tmp_path: Path
):
    old, new = world.agent, f"{world.agent}_new"
    world.commit({"x.md": PAGE})
    ingest(world, tmp_path / "home")
    world.repository.rename(f"knowledge/{old}", f"knowledge/{new}")
    world.repository.write({"knowledge/HR-Docs/y.md": "# Holidays\n\nThirty days.\n"})
    world.repository.commit()
    told = ingest(world, tmp_path / "home")
    assert [one["agent"] for one in told["runs"]] == [new]
    assert [(one["agent"], one["ok"]) for one in told["retired"]] == [(old, True)]
    assert [one.agent_id for one in world.ledger.generations.all_live()] == [new]
    live = world.ledger.generations.live(new)
    names, there = aliases_of(world.settings.workspace_id, old), world.store.aliases()
    assert live is not None
    assert {there.get(one) for one in names} == {live.collection}
    [note] = told["notes"]
    assert note.startswith("HR-Docs is no agent: ")


def test_what_cannot_be_an_agent_is_said_of_all_and_not_of_one(world: WriterWorld):
    world.write({"x.md": PAGE})
    world.repository.write({"knowledge/HR-Docs/x.md": PAGE})
    (world.settings.knowledge_dir / "link").symlink_to(world.agent)
    world.repository.commit()
    said = plan(world).notes
    assert [one.partition(" is no agent: ")[0] for one in said] == ["HR-Docs", "link"]
    assert "symbolic link" in said[1]
    assert plan(world, agents=[world.agent]).notes == []


def test_a_mistyped_path_is_refused_and_a_removed_file_is_not(world: WriterWorld):
    world.commit({"x.md": PAGE, "y.md": PAGE, "deep/z.md": PAGE})
    here = world.settings.knowledge_dir / world.agent
    for wrong in ("tpyo.md", "no/where", "deep/tpyo.md"):
        for uncommitted in (False, True):
            with pytest.raises(BadInput, match="neither here nor in commit") as raised:
                plan(world, here / wrong, uncommitted=uncommitted)
            assert raised.value.where == str(here / wrong)
    (here / "y.md").unlink()
    assert plan(world, here / "y.md").named == [world.path("y.md")]
    assert plan(world, here / "y.md", uncommitted=True).named == []
    assert plan(world, here / "deep").agents == [world.agent]


def test_a_bare_name_is_the_agent(world: WriterWorld):
    world.commit({"x.md": PAGE})
    work = plan(world, Path(world.agent))
    assert (work.agents, work.named) == ([world.agent], [])


def test_a_file_that_git_ignores_is_said(world: WriterWorld):
    world.repository.write({".gitignore": "*.secret.md\n"})
    world.commit({"x.md": PAGE})
    world.write({"y.secret.md": PAGE, "z.md": PAGE})
    here = world.settings.knowledge_dir / world.agent
    with pytest.raises(BadInput, match="git ignores this file"):
        plan(world, here / "y.secret.md", uncommitted=True)
    assert plan(world, here / "z.md", uncommitted=True).named == [world.path("z.md")]


def test_all_that_lies_there_is_meant_where_nothing_needs_to_be_committed(world: WriterWorld):
    world.write({"x.md": PAGE})
    assert plan(world, uncommitted=True).agents == [world.agent]
    done = world.ingest(uncommitted=True)
    assert done.success, why(done)
    assert world.live().uncommitted

    world.repository.write({".gitignore": "cache/\n"})
    world.repository.commit()
    for name in ("fresh", "HR-Docs", "cache", ".hidden"):
        world.write({"x.md": PAGE}, name)
    world.settings.knowledge_dir.joinpath("empty").mkdir()
    work = plan(world, uncommitted=True)
    assert work.agents == sorted([world.agent, "fresh"])
    assert [one.partition(" is no agent: ")[0] for one in work.notes] == ["HR-Docs"]
    assert plan(world, world.settings.knowledge_dir, uncommitted=True).agents == work.agents
    assert plan(world).agents == [world.agent]


def test_an_estimate_of_uncommitted_work_leaves_nothing_in_the_repository(world: WriterWorld):
    world.commit({"x.md": PAGE})
    world.write({"y.md": PAGE})
    folder = folder_of(world.settings)
    looked = folder.uncommitted(world.agent, keep=False)
    assert world.repository._git("for-each-ref", "refs/scriptorium") == b""
    assert folder.uncommitted(world.agent) == looked
    assert world.repository._git("for-each-ref", "refs/scriptorium") != b""
