"""Random edits, one after the other, end where a build from nothing ends."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld, why

NAMES = [f"{folder}{name}.md" for folder in ("", "deep/") for name in ("a", "b", "c")]
WORDS = ["alias", "moves", "when", "every", "check", "passed", "and", "nothing", "touches", "it"]
STEPS = 4


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "repo")


@pytest.fixture
def worlds(
    repository: GitRepository, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[tuple[WriterWorld, WriterWorld]]:
    """The same folder for two workspaces: one takes every step, one only the last."""
    steps = WriterWorld(repository, database_url, qdrant_url, agent_id)
    fresh = WriterWorld(repository, database_url, qdrant_url, agent_id, workspace="fresh")
    yield steps, fresh
    steps.close()
    fresh.close()


def page(chance: random.Random) -> str:
    status = chance.choice(["", "", "", "---\nstatus: draft\n---\n", "---\ntitle: A title\n---\n"])
    sections = [
        f"# {chance.choice(WORDS)}\n\n{' '.join(chance.choices(WORDS, k=chance.randint(5, 60)))}.\n"
        for _ in range(chance.randint(1, 3))
    ]
    return status + "\n".join(sections)


def edit(world: WriterWorld, chance: random.Random) -> None:
    folder = world.repository.root / "knowledge" / world.agent
    there = [name for name in NAMES if (folder / name).exists()]
    free = [name for name in NAMES if name not in there]
    what = chance.choice(["write", "write", "copy", "rename", "remove", "prepend"])
    if what == "write" or not there:
        world.write({chance.choice(NAMES): page(chance)})
        return
    one = chance.choice(there)
    text = (folder / one).read_text("utf-8")
    if what == "prepend":
        world.write({one: text if text.startswith("---") else "Words above.\n\n" + text})
    elif what == "copy" and free:
        world.write({chance.choice(free): text})
    elif what == "rename" and free:
        world.repository.rename(world.path(one), world.path(chance.choice(free)))
    elif what == "remove":
        world.repository.remove(world.path(one))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_edits_end_where_a_build_from_nothing_ends(
    worlds: tuple[WriterWorld, WriterWorld], seed: int
):
    steps, fresh = worlds
    chance = random.Random(seed)
    steps.write({"always.md": "# Always\n\nThis page stays.\n", "a.md": page(chance)})
    for _ in range(STEPS):
        for _ in range(chance.randint(1, 4)):
            edit(steps, chance)
        steps.publish()
    result = fresh.ingest()
    assert result.success, why(result)
    assert [_plain(one) for one in _sorted(steps)] == [_plain(one) for one in _sorted(fresh)]
    assert set(steps.served()) == set(steps.ledger.documents.manifest(steps.live().generation_id))


def _sorted(world: WriterWorld) -> list[dict]:
    return sorted(
        world.served().values(),
        key=lambda one: (one["metadata"]["path"], one["metadata"]["ordinal"]),
    )


def _plain(payload: dict) -> dict:
    """All but what the workspace's name goes into."""
    place = {key: value for key, value in payload["metadata"].items()
             if key not in ("workspace_id", "document_id")}  # fmt: skip
    return {**payload, "metadata": place}
