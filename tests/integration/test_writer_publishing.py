"""From a commit to what is served, at the cost of what changed."""

import pytest

from dagster_kb.publishing.live_canary import LIVE_CANARY
from dagster_kb.publishing.release_checks import GATES
from kb_contract.identifiers import (
    ids_digest,
    plain_alias,
    production_alias,
)
from kb_contract.payload import ChunkPayload
from tests.doubles.three_documents import KEYS, MOVES, THREE
from tests.doubles.writer_world import WriterWorld, metadata, why


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write(THREE)
    return world


def test_a_commit_becomes_a_checked_collection_behind_both_aliases(world: WriterWorld):
    sha = world.repository.commit()
    result = world.ingest()
    assert result.success, why(result)
    live = world.live()
    assert (live.number, live.git_sha, live.documents, live.quarantined) == (1, sha, 3, 0)
    assert set(live.checks) == {gate.name for gate in GATES} | {LIVE_CANARY}
    assert all(one["passed"] for one in live.checks.values())
    aliases = world.store.aliases()
    for alias in (production_alias("default", world.agent), plain_alias("default", world.agent)):
        assert aliases[alias] == live.collection
    for payload in world.served().values():
        place = ChunkPayload.model_validate(payload).metadata
        source = world.repository.show(sha, place.path)
        assert source[place.start : place.end] == payload["text_chunk"]
    run = world.ledger.generations.pipeline_runs(world.agent)[0]
    assert run["status"] == "DONE"
    assert world.count("chunk_runs") == live.chunks == len(world.served())


def test_the_manifest_digest_of_the_database_is_the_one_of_the_contract(world: WriterWorld):
    live = world.publish()
    manifest = world.ledger.documents.manifest(live.generation_id)
    assert live.manifest_digest == ids_digest(list(manifest.items()))


def test_nothing_changed_means_that_nothing_is_done(world: WriterWorld):
    world.publish()
    chunk_rows = world.count("generation_chunks")
    world.repository.commit("an empty commit")
    again = world.ingest()
    assert again.success, why(again)
    assert world.live().number == 1
    assert (world.embedder.texts, world.store.written, world.store.deleted) == ([], [], [])
    assert world.store.reads == []
    assert world.count("generation_chunks") == chunk_rows
    assert world.count("pipeline_runs") == 1
    assert metadata(again, "parsed_documents")["staged"] == "unchanged"


def test_the_model_is_made_ready_while_documents_are_read(world: WriterWorld):
    world.publish()
    assert world.embedder.warmed == [len(world.embedder.texts)]
    world.repository.commit("an empty commit")
    world.ingest()
    assert world.embedder.warmed == []


def test_points_of_a_first_ingest_are_written_while_others_are_embedded(world: WriterWorld):
    written: list[int] = []
    world.embedder.before_embedding = lambda: written.append(len(world.store.written))
    world.write({f"page{n}.md": f"# Page {n}\n\nWords of page {n} alone.\n" for n in range(560)})
    world.commit()
    first = world.ingest()
    assert first.success, why(first)
    chunks = world.live().chunks
    assert any(0 < one < chunks for one in written)
    # Once in each colour: the other one is filled behind the publication.
    assert len(set(world.store.written)) == chunks == len(world.served())
    assert len(world.store.written) == 2 * chunks
    assert metadata(first, "embeddings")["points_written_ahead"] == chunks
    # Where something is served, the difference is written after all is embedded.
    written.clear()
    world.write({f"page{n}.md": f"# Page {n}\n\nOther words of {n}.\n" for n in range(560)})
    world.commit()
    again = world.ingest()
    assert again.success, why(again)
    assert max(written) == 0
    assert metadata(again, "embeddings")["points_written_ahead"] == 0


def test_it_says_how_many_chunks_were_made_of_each_document(world: WriterWorld):
    world.commit({"two.md": "# Two\n\nThe first valve opens.\n\n## More\n\nThe second valve closes.\n",
                  "one.md": "# One\n\nThe pump runs.\n"})  # fmt: skip
    made = metadata(world.ingest(), "chunks")["made_of"]
    assert f"| {world.path('one.md')} | 1 |" in made
    assert world.path("two.md") in made
    world.commit({"one.md": "# One\n\nThe pump stands.\n"})
    assert metadata(world.ingest(), "chunks")["made_of"].splitlines()[2:] == [
        f"| {world.path('one.md')} | 1 |"
    ]
    assert "made_of" not in metadata(world.ingest(force=True), "chunks")


def test_another_header_is_another_vector_for_every_row_below_it(world: WriterWorld):
    rows = "\n".join(f"| pump {n} | {n} bar |" for n in range(30))
    table = f"# Limits\n\n| machine | pressure |\n| --- | --- |\n{rows}\n"
    world.publish({"limits.md": table})
    cut = [one for one in world.embedder.texts if "| machine | pressure |\n| pump" in one]
    assert len(cut) > 1
    assert not [one for one in world.served_texts() if "| machine | pressure |\n| pump" in one]
    world.publish({"limits.md": table.replace("pressure", "weight")})
    assert len(world.embedder.texts) == len(cut) + 1
    told = [one["metadata"]["extra"].get("columns") for one in world.served().values()]
    assert told.count("| machine | weight |") == len(cut)


def test_one_changed_file_costs_one_file(world: WriterWorld):
    before = world.publish().chunks
    world.publish({"moves.md": MOVES.replace("one call", "a single call")})
    assert len(world.embedder.texts) == 1
    # The first build of the other colour writes all of it; from then on only the difference.
    assert len(world.store.written) == before
    world.publish({"moves.md": MOVES.replace("one call", "just one call")})
    assert len(world.embedder.texts) == 1
    assert len(world.store.written) == 1
    assert len(world.store.deleted) == 1


def test_text_inserted_above_keeps_the_ids_below_and_moves_their_offsets(world: WriterWorld):
    world.publish()
    ids = {one["text_chunk"]: key for key, one in world.served().items()}
    offsets = {one["text_chunk"]: one["metadata"]["start"] for one in world.served().values()}
    world.publish({"keys.md": "A word before all.\n\n" + KEYS})
    after = {one["text_chunk"]: (key, one["metadata"]["start"])
             for key, one in world.served().items()}  # fmt: skip
    vault = next(text for text in ids if "vault" in text)
    assert after[vault] == (ids[vault], offsets[vault] + len("A word before all.\n\n"))
    assert [text for text in world.embedder.texts if "vault" in text] == []


def test_a_rename_embeds_nothing_and_leaves_no_orphan(world: WriterWorld):
    world.publish()
    texts = world.served_texts()
    world.repository.rename(world.path("notes.md"), world.path("deep/er/notes.md"))
    live = world.publish()
    assert world.embedder.texts == []
    assert world.served_texts() == texts
    assert world.path("notes.md") not in {
        one["metadata"]["path"] for one in world.served().values()
    }
    assert len(world.served()) == live.chunks


def test_the_same_text_in_two_files_is_embedded_once_and_served_twice(world: WriterWorld):
    world.publish()
    world.publish({"again/keys.md": KEYS})
    assert world.embedder.texts == []
    paths = [one["metadata"]["path"] for one in world.served().values()]
    assert world.path("keys.md") in paths
    assert world.path("again/keys.md") in paths


def test_a_repeated_passage_is_two_chunks(world: WriterWorld):
    """Each at its own place, so that a citation leads to where it stands; embedded once."""
    world.publish()
    section = "# A\n\n" + "The same words, too many for two sections to be one chunk. " * 3
    world.publish({"twice.md": f"{section}\n\n{section}\n"})
    twice = [one for one in world.served().values()
             if one["metadata"]["path"] == world.path("twice.md")]  # fmt: skip
    assert [one["text_chunk"] for one in twice] == [section.rstrip()] * 2
    assert {one["metadata"]["start"] for one in twice} == {0, len(section) + 2}
    assert len(world.embedder.texts) == 1
    assert len(world.served()) == world.live().chunks


def test_uncommitted_work_is_ingested_on_request_and_marked(world: WriterWorld):
    world.publish()
    world.write({"moves.md": "# Moves\n\nNot committed yet.\n"})
    assert world.ingest().success
    assert world.live().number == 1
    assert world.ingest(uncommitted=True).success
    live = world.live()
    assert live.uncommitted
    assert "Not committed yet." in world.repository.show(live.git_sha, world.path("moves.md"))
    assert world.publish().uncommitted is False


def test_force_makes_a_new_generation_and_embeds_nothing(world: WriterWorld):
    world.publish()
    assert world.ingest(force=True).success
    assert world.live().number == 2
    assert world.embedder.texts == []


def test_a_lost_collection_is_built_again_without_embedding(world: WriterWorld):
    live = world.publish()
    texts = world.served_texts()
    world.store.client.delete_collection(live.collection or "")
    result = world.ingest()
    assert result.success, why(result)
    assert world.served_texts() == texts
    assert world.embedder.texts == []


def test_one_run_reads_the_whole_collection_once_for_its_gates(world: WriterWorld):
    world.publish()
    # A new collection has nothing to compare first, so every read is a gate's.
    assert len(world.store.reads) == 1
