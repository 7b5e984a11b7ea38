"""What a run foretells before it embeds, and says while it reads, embeds and writes."""

from typing import Any

import pytest

from dagster_kb.intake.document_intake import FILES_IN_A_COMMIT
from dagster_kb.resources import progress
from dagster_kb.resources.vector_store import BATCH
from tests.doubles.writer_world import WriterWorld, log_lines, metadata, why

PAGES = FILES_IN_A_COMMIT + 2
SECTIONS = 4
CHUNKS = PAGES * SECTIONS


def page(number: int, last: str = "") -> str:
    sections = (f"## Part {part}\n\n" + f"Words of part {part} of page {number}. " * 4
                for part in range(SECTIONS))  # fmt: skip
    return f"# Page {number}\n\n" + "\n\n".join(sections) + last


def pages() -> dict[str, str]:
    return {f"p{number:02d}.md": page(number) for number in range(PAGES)}


def lines(world: WriterWorld, run_id: str, event: str) -> list[dict[str, Any]]:
    return [one for one in log_lines(world, run_id) if one["event"] == event]


def test_a_run_foretells_what_it_embeds_and_tells_it_again_beside_what_it_came_to(
    world: WriterWorld,
):
    world.publish(pages())
    assert world.live().chunks == CHUNKS > BATCH
    world.commit({f"p{number:02d}.md": page(number, "news") for number in range(3)})
    ran = world.ingest()
    [foretold] = lines(world, ran.run_id, "embedding.estimate")
    assert {
        "documents": PAGES, "chunks": CHUNKS, "texts_in_store": CHUNKS - 3, "texts_to_embed": 3,
        "pace_from": "past runs", "money": 0.0,
    }.items() <= foretold.items()  # fmt: skip
    assert foretold["minutes"] < 1
    assert foretold["tokens"] > 0
    shown = metadata(ran, "embeddings")
    assert shown["texts_embedded"] == 3
    assert shown["estimate"].startswith(f"3 texts with {foretold['tokens']} tokens: about ")

    world.commit({"p01.md": page(1)})  # as it was
    ran = world.ingest()
    assert ran.success, why(ran)
    assert lines(world, ran.run_id, "embedding.estimate") == []
    assert "estimate" not in metadata(ran, "embeddings")


def test_reading_embedding_and_writing_say_how_far_they_are(
    world: WriterWorld, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN", 0.0)
    world.commit(pages())
    first = world.ingest()
    read = lines(world, first.run_id, "reading")
    assert [one["done"] for one in read] == list(range(1, PAGES))
    assert {one["total"] for one in read} == {PAGES}
    assert all({"files_per_second", "minutes_left"} <= one.keys() for one in read)
    begun = lines(world, first.run_id, "read.start")
    assert [(one["done"], one["total"]) for one in begun] == [
        (0, PAGES),
        (FILES_IN_A_COMMIT, PAGES),
    ]
    embedded = lines(world, first.run_id, "embedding")
    assert (embedded[0]["done"], embedded[0]["total"]) == (32, CHUNKS)
    [ahead] = lines(world, first.run_id, "writing ahead")
    assert (ahead["done"], ahead["total"]) == (BATCH, CHUNKS)
    # Where something is served, `collection` writes what differs, a batch at a time.
    world.commit({f"q{number:02d}.md": page(PAGES + number) for number in range(PAGES)})
    [written] = lines(world, world.ingest().run_id, "writing")
    assert (written["done"], written["total"]) == (BATCH, CHUNKS)
    assert {"points_per_second", "minutes_left"} <= written.keys()
