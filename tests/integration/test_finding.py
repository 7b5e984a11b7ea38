"""From a commit to the order of passages: what the writer's gates rank, readers rank alike."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from dagster_kb.publishing.tuning import Tuning
from dagster_kb.resources.reader_search import Question, ReaderSearch
from graph.gateways.asked_selection import LOOKING_AT
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.reranking import Reranking
from graph.selection import Selection
from kb_contract.agent_manifest import AgentManifest
from kb_contract.embedding_space import searched_text
from kb_contract.identifiers import production_alias
from kb_contract.sparse_words import document_weights
from kb_contract.term_counts import TermCounts
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.live_reader import live_reader
from tests.doubles.writer_world import WriterWorld

THINGS = ("badge", "ladder", "lantern", "kettle", "anchor", "violin", "compass", "saddle", "mirror")
PAGES = {
    f"{thing}.md": f"---\ntitle: The {thing}\n---\nThe {thing} hangs beside the {other} in the hall.\n"
    for thing, other in zip(THINGS, (*THINGS[1:], THINGS[0]), strict=True)
}
QUESTIONS = tuple(f"Where does the {thing} hang?" for thing in THINGS)
GOLDEN = "questions:\n" + "".join(
    f"  - question: {question}\n    path: {path}\n"
    for question, path in zip(QUESTIONS, PAGES, strict=True)
)
MANIFEST = "retrieval: {limit: 4, threshold: 0.1}\n"


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"agent.yaml": MANIFEST})
    world.publish({**PAGES, "golden.yaml": GOLDEN})
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[PostgresQdrantReader]:
    async with live_reader(world) as reader:
        yield reader


async def test_the_gates_and_readers_find_the_same_in_the_same_order(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    live = world.live()
    how = AgentManifest.model_validate(dict(live.manifest)).retrieval
    search = ReaderSearch(world.ledger, world.store, live)
    alias = production_alias(world.settings.workspace_id, world.agent)
    several = f"{' '.join(QUESTIONS[:5])} And which compass leans on which mirror?"
    for question in (*QUESTIONS, several, "What of the submarine's periscope?"):
        [read] = HashEmbedder().read([question])
        [theirs] = search.find(alias, [Question(read)], how, how.limit)
        ours = await reader.search(world.agent, question)
        assert [one["text"] for one in ours] == [one.payload["text_chunk"] for one in theirs]
    [best, *others] = await reader.search(world.agent, QUESTIONS[0])
    assert best["path"].endswith("badge.md")
    assert all(0 <= one.get("relevance", -1) <= best.get("relevance", 0) for one in others)


def test_words_are_counted_by_what_changed(world: WriterWorld) -> None:
    changed = PAGES["kettle.md"].replace("kettle hangs", "kettle boils")
    world.repository.remove(world.path("mirror.md"))
    world.write({"golden.yaml": "questions: []\n"})
    second = world.publish(
        {"kettle.md": changed, "new.md": "---\nsource: Gazette\n---\nA new anchor.\n"}
    )
    counted = world.ledger.terms.of(second).all()
    assert counted == _counted_anew(world)
    assert counted.chunks == len(world.served())
    assert world.ledger.terms.of(second).get(document_weights("gazette")).holding


async def test_a_document_is_found_by_who_wrote_it(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    text = "The hall is painted every spring.\n"
    world.publish({
        "one.md": f"---\ntitle: Paint\nsource: Harbour Gazette\n---\n{text}",
        "two.md": f"---\ntitle: Paint\nsource: Mountain Herald\n---\n{text}",
    })  # fmt: skip
    for source, path in (("Harbour Gazette", "one.md"), ("Mountain Herald", "two.md")):
        [best, *_] = await reader.search(world.agent, f"What does the {source} say of the hall?")
        assert best["path"].endswith(path)
        assert best["text"] == text.strip(), "what is quoted is the text alone"


async def test_only_what_is_selected_is_looked_at(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    text = "The hall is swept every {}.\n"
    world.publish({
        "one.md": f"---\nversion: '1.0'\ntags: [sweeping]\n---\n{text.format('week')}",
        "two.md": f"---\nversion: '2.0'\neffective: 2026-03-01\n---\n{text.format('day')}",
        "staff.md": f"---\nversion: '2.0'\naudience: [staff]\n---\n{text.format('hour')}",
    })  # fmt: skip

    async def found(**said: object) -> set[str]:
        only = Selection.model_validate(said)
        passages = await reader.search(world.agent, "How often is the hall swept?", only=only)
        return {one["path"].rsplit("/", 1)[-1] for one in passages}

    assert {"one.md", "two.md"} <= await found()
    assert await found(versions=["1.0"]) == {"one.md"}
    assert await found(tags=["sweeping", "mopping"]) == {"one.md"}
    assert await found(since="2026-03-01") == {"two.md"}
    assert await found(until="2026-02-28") == set()
    assert await found(status=["draft"]) == set()
    assert await found(versions=["2.0"], audience=["staff"]) == set(), "it never widens rights"
    LOOKING_AT.set(Selection(versions=("2.0",)))
    assert await found() == {"two.md"}
    assert await found(tags=["sweeping"]) == set(), "both must hold"


async def test_a_reranker_has_the_last_word_and_passages_say_so(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    class Backwards:
        async def score(self, question: str, texts: Sequence[str]) -> Sequence[float]:
            return [float(at) for at, _ in enumerate(texts)]

    other = replace(reader, reranking=Reranking(Backwards(), "backwards", 5.0))
    plain = await reader.search(world.agent, QUESTIONS[0], limit=50)
    found = await other.search(world.agent, QUESTIONS[0], limit=50)
    assert [one["chunk_id"] for one in found] == [one["chunk_id"] for one in reversed(plain)]
    assert ({one.get("ranked_by") for one in plain}, {one.get("ranked_by") for one in found}) == (
        {"blend"}, {"backwards"},
    )  # fmt: skip


def test_tuning_measures_the_golden_questions_with_every_blend(world: WriterWorld) -> None:
    tuned = Tuning(world.ledger, world.store, world.embedder).run(world.agent)
    assert tuned.questions == len(QUESTIONS)
    assert {one.questions for one in tuned.choice.figures.values()} == {len(QUESTIONS)}
    assert tuned.choice.figures["all three"].recall == 1.0
    assert tuned.threshold.wrongly_refused == 0.0


def _counted_anew(world: WriterWorld) -> TermCounts:
    with world.ledger.database.transaction() as connection:
        rows = connection.execute(
            "select d.title, d.front_matter, c.heading_path, c.text, c.context, c.situation from kb.generation_chunks g "
            "join kb.chunks c using (document_id, chunk_index) join kb.documents d using (document_id) "
            "where g.generation_id = %s",
            (world.live().generation_id,),
        ).fetchall()
    return TermCounts(0, {}).changed((1, document_weights(searched_text(row))) for row in rows)
