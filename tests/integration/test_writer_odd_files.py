"""Files that cannot be read, are not wanted, or say too much of themselves: named, and the rest is published."""

from pathlib import Path

import pytest

from tests.doubles.git_repository import GitRepository
from tests.doubles.three_documents import THREE
from tests.doubles.writer_world import WriterWorld, failures, metadata


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write(THREE)
    return world


def test_a_draft_is_kept_and_not_served(world: WriterWorld):
    world.publish({"draft.md": "---\nstatus: draft\n---\n# Draft\n\nA secret plan.\n"})
    assert not any("secret plan" in text for text in world.served_texts())
    placed = world.ledger.documents.placed(world.live().generation_id)
    assert placed[world.path("draft.md")].status == "unpublished"


def test_a_page_of_front_matter_alone_is_no_broken_one(world: WriterWorld):
    world.publish({"_index.md": "---\ntitle: Guides\nweight: 3\n---\n", "empty.md": "\n"})
    placed = world.ledger.documents.placed(world.live().generation_id)
    page = placed[world.path("_index.md")]
    assert (page.status, page.reason) == ("unpublished", "there is no text below its front matter")
    assert placed[world.path("empty.md")].status == "quarantined"
    world.publish({"draft.md": "---\nstatus: published\n---\n# Draft\n\nA secret plan.\n"})
    assert any("secret plan" in text for text in world.served_texts())


def test_broken_files_are_named_and_the_rest_is_published(world: WriterWorld):
    broken = {
        "binary.md": b"\x00\x01\x02",
        "latin.md": "caf\xe9".encode("latin-1"),
        "open.md": "---\ntitle: never closed\n",
        "other.md": "---\nagent_id: somebody_else\n---\n# Mine\n\nNot here.\n",
    }
    live = world.publish(broken)
    assert (live.documents, live.quarantined) == (3, 4)
    placed = world.ledger.documents.placed(live.generation_id)
    for name in broken:
        assert placed[world.path(name)].status == "quarantined"
        assert placed[world.path(name)].reason
    run = world.ledger.generations.pipeline_runs(world.agent)[0]
    assert run["status"] == "DONE_WITH_ERRORS"
    assert "4" in run["error_summary"]
    for name in broken:
        world.repository.remove(world.path(name))
    assert world.publish().quarantined == 0


def test_a_broken_agent_yaml_refuses_the_agent_and_leaves_what_is_live(world: WriterWorld):
    world.publish()
    world.commit({"agent.yaml": "titel: wrong key\n", "moves.md": "# Moves\n\nNew words.\n"})
    result = world.ingest()
    assert not result.success
    assert "did you mean 'title'" in failures(result)["parsed_documents"]
    assert world.live().number == 1
    assert world.ledger.generations.pipeline_runs(world.agent)[0]["status"] == "FAILED"
    world.commit({"agent.yaml": "title: Right key\n"})
    assert world.ingest().success
    assert any("New words" in text for text in world.served_texts())


def test_what_no_reader_takes_is_ignored_and_what_lies_elsewhere_is_named(world: WriterWorld):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n"
    world.write(
        {
            "a.png": b"\x89PNG",
            "large.zip": b"PK" + b"x" * 5000,
            "report.pdf": pointer,
            "b.png": pointer,
        }
    )
    folder = world.repository.root / "knowledge" / world.agent
    (folder / "link").symlink_to("/etc")
    (folder / "link.txt").symlink_to("keys.md")
    GitRepository(folder / "module").commit()
    live = world.publish()
    placed = world.ledger.documents.placed(live.generation_id)
    reasons = {path.split("/")[-1]: one.reason for path, one in placed.items()
               if one.status == "quarantined"}  # fmt: skip
    assert reasons.keys() == {"link", "link.txt", "module", "report.pdf"}
    assert "symbolic link" in str(reasons["link"])
    assert "submodule" in str(reasons["module"])
    assert "Git LFS pointer" in str(reasons["report.pdf"])
    for result in (world.ingest(force=True), world.ingest()):
        told = metadata(result, "parsed_documents")
        assert told["ignored_files"] == 3
        ignored = [world.path(one) for one in ("a.png", "b.png", "large.zip")]
        assert told["ignored"].split("\n") == ignored


def test_large_front_matter_of_its_own_is_not_in_every_point(world: WriterWorld):
    world.publish({
        "small.md": "---\nteam: blue\n---\n# Small\n\nWords of small.\n",
        "large.md": f"---\nnote: {'x' * 5000}\n---\n# Large\n\nWords of large.\n",
    })  # fmt: skip
    extra = {one["metadata"]["title"]: one["metadata"]["extra"] for one in world.served().values()}
    assert extra["Small"] == {"team": "blue"}
    assert extra["Large"] == {}


class BelowHidden(GitRepository):
    """Everything lies below a hidden folder of the repository."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.root = self.root / ".kb"
        self.root.mkdir(exist_ok=True)


def test_knowledge_below_a_hidden_folder_is_served(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
):
    world = WriterWorld(BelowHidden(tmp_path / "below"), database_url, qdrant_url, agent_id)
    try:
        live = world.publish({**THREE, ".hidden.md": "# H\n\nNobody reads this.\n"})
        assert live.documents == len([one for one in THREE if one.endswith(".md")])
        assert not any("Nobody reads" in one for one in world.served_texts())
    finally:
        world.close()


def test_a_flood_of_sentences_does_not_hold_up_who_cuts_by_meaning(world: WriterWorld):
    long = "# Long\n\n" + "".join(f"Sentence {n} of a long report. " for n in range(2_500))
    flood = "# Flood\n\n" + "A. " * 100_000
    live = world.publish(
        {
            "agent.yaml": "chunking: {strategy: semantic, tokens: 400}\n",
            "long.md": long,
            "flood.md": flood,
        }
    )
    assert any("Sentence 2400 of" in one for one in world.served_texts())
    assert "Sentence 7 of a long report." not in world.embedder.texts, "each was embedded alone"
    # Cut within the limits of its own process, or stopped there.
    placed = world.ledger.documents.placed(live.generation_id)[world.path("flood.md")]
    assert placed.status == "published" or placed.reason
