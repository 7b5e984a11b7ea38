"""One text that cannot be embedded costs no other, is named, and keeps the generation from going live."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dagster_kb.definitions import build_definitions
from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT, EmbeddingJob
from dagster_kb.resources.embedding_lanes import ExecutorLanes
from dagster_kb.resources.ledger_database import statement
from tests.doubles.dying_writer import Place, run
from tests.doubles.failing_embedder import DeadlyModel, FailingEmbedder
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.sudden_death import Death
from tests.doubles.writer_world import WriterWorld, failures, metadata, why

MANY = TEXTS_IN_A_COMMIT * 2 + 6


def pages(count: int) -> dict[str, str]:
    return {f"p{at}.md": f"# Page {at}\n\nWords of page {at}.\n" for at in range(count)}


def embed_with(world: WriterWorld, embedder: HashEmbedder) -> None:
    world.embedder = embedder
    world.definitions = build_definitions(
        world.settings, embedder=embedder, store=world.store, ledger=world.ledger
    )


def chunk_runs(world: WriterWorld) -> list[dict[str, Any]]:
    with world.ledger.database.transaction() as connection:
        return connection.execute(
            "select r.* from kb.chunk_runs r join kb.pipeline_runs p using (run_id) "
            "where p.agent_id = %s and r.status <> 'DONE'",
            (world.agent,),
        ).fetchall()


@pytest.mark.parametrize("poison", ["error", "nan", "zero"])
def test_a_text_that_fails_is_found_marked_and_named(world: WriterWorld, poison: str):
    embed_with(world, FailingEmbedder("toxic", poison))
    world.commit({**pages(20), "bad.md": "# Secrets\n\n## Cellar\n\nA toxic word.\n"})
    result = world.ingest()
    said = failures(result)["embeddings"]
    assert world.path("bad.md") in said
    assert "Cellar" in said
    assert "1 text(s)" in said
    assert world.ledger.generations.live(world.agent) is None
    assert world.count("embeddings") == 20
    (failed,) = chunk_runs(world)
    assert (failed["status"], failed["attempts"]) == ("ERROR", 2)
    assert failed["error_type"] == ("OverflowError" if poison == "error" else "BadVector")
    assert failed["error_message"]


def test_a_text_that_was_tried_twice_is_not_tried_in_that_run_again(world: WriterWorld):
    embedder = FailingEmbedder("toxic")
    embed_with(world, embedder)
    world.commit({**pages(2), "bad.md": "# Bad\n\nA toxic word.\n"})
    world.ingest()
    embedder.calls = 0
    result = world.ingest(only=["embeddings"])
    assert "OverflowError" in failures(result)["embeddings"]
    assert embedder.calls == 0


def test_the_page_mended_only_that_page_is_embedded(world: WriterWorld):
    embed_with(world, FailingEmbedder("toxic"))
    world.commit({**pages(5), "bad.md": "# Bad\n\nA toxic word.\n"})
    world.ingest()
    embed_with(world, HashEmbedder())
    world.publish({"bad.md": "# Bad\n\nA mild word.\n"})
    assert len(world.embedder.texts) == 1


def test_a_model_that_fails_on_everything_stops_after_one_batch(world: WriterWorld):
    world.commit(pages(MANY))
    world.ingest(only=["parsed_documents", "chunks"])
    generation = world.ledger.generations.latest(world.agent)[0]
    embedder = FailingEmbedder("Page")
    with pytest.raises(OverflowError):
        EmbeddingJob(world.ledger, embedder, generation).run()
    assert embedder.calls <= TEXTS_IN_A_COMMIT * 3
    # No text is to blame, so that all of them are tried when the model is mended.
    assert {one["attempts"] for one in chunk_runs(world)} == {0}
    assert EmbeddingJob(world.ledger, HashEmbedder(), generation).run().texts == MANY


def test_killed_between_batches_the_next_run_embeds_only_the_rest(world: WriterWorld):
    world.commit(pages(MANY))
    place = Place(world.repository.root, world.settings.database_url.get_secret_value(),
                  world.settings.qdrant_url, world.agent)  # fmt: skip
    assert run(place, Death("keep embeddings", "after", nth=2)) == -9
    assert world.count("embeddings") == 2 * TEXTS_IN_A_COMMIT
    result = world.ingest()
    assert result.success, why(result)
    assert len(world.embedder.texts) == MANY - 2 * TEXTS_IN_A_COMMIT
    assert metadata(result, "embeddings")["texts_reused"] == 2 * TEXTS_IN_A_COMMIT


class EmbedderInProcesses(HashEmbedder):
    """Embeds in processes that a certain text kills."""

    def __init__(self, deadly: str) -> None:
        super().__init__()
        self.made = ExecutorLanes(DeadlyModel(deadly), 2)

    @contextmanager
    def lanes(self, texts: int) -> Iterator[ExecutorLanes]:
        yield self.made


def test_a_text_that_kills_its_process_takes_no_other_text_along(world: WriterWorld):
    embedder = EmbedderInProcesses("Dying\n\n# Dying\n\nThe last word.")
    embed_with(world, embedder)
    world.commit({**pages(6), "bad.md": "# Dying\n\nThe last word.\n"})
    result = world.ingest()
    embedder.made.close()
    said = failures(result)["embeddings"]
    assert world.path("bad.md") in said
    assert "TerminatedWorkerError" in said
    assert world.count("embeddings") == 6


def test_what_is_missing_is_found_by_its_digest_and_what_was_tried_by_its_chunk(
    world: WriterWorld,
):
    """However many texts the ledger has, and whatever it believes of a run that was just begun."""
    world.commit(pages(6))
    assert world.ingest().success
    live = world.ledger.generations.live(world.agent)
    assert live is not None
    values = {
        "generation": live.generation_id, "run": live.run_id, "space": world.embedder.space.space_id
    }  # fmt: skip
    with world.ledger.database.transaction() as connection:
        connection.execute("set local enable_seqscan = off")  # six pages are read faster whole
        explained = connection.execute(b"explain " + statement("missing_embeddings"), values)
        plan = "\n".join(str(*row.values()) for row in explained.fetchall())
    assert "embed_sha256 = c.embed_sha256" in plan
    assert re.search(r"Index Cond: \(\(run_id = .*\) AND \(chunk_id = gc.chunk_id\)\)", plan), plan
