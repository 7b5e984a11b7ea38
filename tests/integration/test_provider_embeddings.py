"""Embeddings by a provider, whole: written, asked, paid by the run, resumed after an outage, and refused clearly."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.definitions import build_definitions
from dagster_kb.described_parts import embedder_of, folder_of, way_of
from dagster_kb.embedding.job import TEXTS_IN_A_COMMIT, EmbeddingJob
from dagster_kb.intake.estimates import Estimator
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.resources.provider_embedder import ProviderEmbedder
from graph.entrypoint import build_graph, gateways_of
from graph.settings import ReaderSettings
from kb.commands.ingest_shown import estimate_lines
from kb_contract.embedding_space import space_key
from kb_contract.errors import Unavailable
from kb_contract.generation import Generation
from kb_contract.identifiers import production_alias
from kb_contract.payload import DENSE
from kb_contract.provider_embeddings.patience import Patience
from tests.doubles.composed_reader import ComposedReader
from tests.doubles.embedding_provider import LoopbackEmbeddings, Refusal, embedding_provider
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld, failures, log_lines, metadata

pytestmark = pytest.mark.timeout(300)
MODEL = "litellm/openai/text-embedding-3-small"
DIMENSION = 384
IMPATIENT = Patience(tries=2, longest=0.05, in_all=5.0)
A_TOKEN = 0.02 / 1e6
PAGES = {
    "agent.yaml": "gate: {canary: 'off', max_shrink: 1.0}\n",
    "golden.yaml": "questions:\n  - question: How long does leave last?\n    path: leave.md\n",
    "leave.md": "# Leave\n\nLeave lasts thirty days for everybody.\n",
    "keys.md": "# Keys\n\nKeys are rotated every ninety days by Alice.\n",
    "ships.md": "# Ships\n\nShips lie in the harbour over night.\n",
}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackEmbeddings]:
    with embedding_provider() as running:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_API_BASE", running.base())
        yield running


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str, provider: LoopbackEmbeddings
) -> Iterator[WriterWorld]:
    models = tmp_path / "models.yaml"
    models.write_text("budgets: []\n")
    world = WriterWorld(
        GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id,
        embedding_model=MODEL, embedding_dimension=DIMENSION, llm_profiles=str(models),
    )  # fmt: skip
    with embedding(world):
        yield world
    world.close()


@contextmanager
def embedding(world: WriterWorld, patience: Patience | None = None) -> Iterator[ProviderEmbedder]:
    """Build with the embedder that the settings describe."""
    made = embedder_of(world.settings, world.ledger.database)
    assert isinstance(made, ProviderEmbedder)
    made.patience = patience or made.patience
    world.definitions = build_definitions(
        world.settings, embedder=made, store=world.store, ledger=world.ledger
    )
    yield made
    made.close()


def staged(world: WriterWorld, pages: int) -> Generation:
    world.commit({f"p{at}.md": f"# Page {at}\n\nWords of page {at}.\n" for at in range(pages)})
    world.ingest(only=["parsed_documents", "chunks"])
    return world.ledger.generations.latest(world.agent)[0]


def rows(world: WriterWorld) -> list[dict[str, Any]]:
    with world.ledger.database.transaction() as connection:
        return connection.execute("select * from ops.usage order by at").fetchall()


def dimension(world: WriterWorld) -> int:
    alias = production_alias("default", world.agent)
    said: Any = world.store.client.get_collection(alias).config.params.vectors
    return said[DENSE].size


async def ask(world: WriterWorld, question: str, **settings: Any) -> dict[str, Any]:
    """Ask the reader as its settings compose it."""
    said = ReaderSettings(
        database_url=world.settings.database_url, qdrant_url=world.settings.qdrant_url,
        **{"embedding_model": MODEL, "embedding_dimension": DIMENSION, "result_cache_ttl": 0, **settings},
    )  # fmt: skip
    outside = gateways_of(said)
    try:
        reader = ComposedReader(said, outside, build_graph(said, gateways=outside))
        return await reader.ask(question)
    finally:
        await outside.close()


def test_what_a_provider_embedded_is_served_asked_and_paid_by_whose_it_is(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    world.commit(PAGES)
    result = world.ingest()
    assert result.success
    assert dimension(world) == DIMENSION
    told = metadata(result, "embeddings")
    assert told["cost"].endswith("to the provider")
    assert told["runs_on"] == "openai/text-embedding-3-small, by its provider"
    written = rows(world)
    assert {(one["step_id"], one["agent_id"], one["run_id"]) for one in written} == {
        ("embed", world.agent, result.run_id)
    }
    assert {one["outcome"] for one in written} == {"answered"}
    assert all(
        float(one["cost"]) == pytest.approx(one["prompt_tokens"] * A_TOKEN) for one in written
    )
    answer = asyncio.run(ask(world, "How long does leave last?"))
    assert "thirty days" in answer["answer"]
    [*_, asked] = rows(world)
    assert (asked["step_id"], asked["outcome"]) == ("embed", "answered")
    assert asked["run_id"] != result.run_id


def test_a_change_asks_for_what_changed_and_nothing_for_nothing(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    world.publish(PAGES)
    provider.calls.clear()
    world.publish({"keys.md": "# Keys\n\nKeys are rotated every sixty days by Alice.\n"})
    passages = [one for one in provider.texts if "rotated" in one and "sixty" in one]
    assert len(passages) == 1
    assert not [one for one in provider.texts if "harbour" in one and "night" in one]
    provider.calls.clear()
    world.ingest(force=True)
    assert [one for one in provider.texts if "Keys are rotated" in one] == []


def test_an_outage_keeps_what_was_paid_and_the_next_run_asks_for_the_rest(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    many = TEXTS_IN_A_COMMIT * 7
    generation = staged(world, many)

    def first(done: int, _total: int) -> None:
        provider.always = Refusal(503)

    with embedding(world, IMPATIENT) as embedder, pytest.raises(Unavailable, match="not answer"):
        EmbeddingJob(world.ledger, embedder, generation, tell=first).run()
    kept = world.count("embeddings")
    assert TEXTS_IN_A_COMMIT <= kept < many
    assert all(one["outcome"] != "open" for one in rows(world))
    provider.always = None
    provider.calls.clear()
    with embedding(world) as embedder:
        assert EmbeddingJob(world.ledger, embedder, generation).run().texts == many - kept
    assert len(provider.texts) == many - kept


def test_what_came_beside_a_request_that_failed_is_kept(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    generation = staged(world, TEXTS_IN_A_COMMIT * 3)
    first = world.ledger.embeddings.missing(generation, space_key(generation.space))[0]
    provider.away = world.ledger.embeddings.texts([first])[0]
    with embedding(world, Patience(2, 0.5, 5.0)) as embedder, pytest.raises(Unavailable):
        EmbeddingJob(world.ledger, embedder, generation).run()
    assert world.count("embeddings") == TEXTS_IN_A_COMMIT * 2


def test_a_document_of_which_a_sentence_is_refused_costs_no_other(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    provider.refuses = "toxic"
    cut = PAGES["agent.yaml"] + "chunking: {strategy: semantic}\n"
    bad = "# Bad\n\n" + "A toxic word is said. Another is not.\n" * 30
    live = world.publish({**PAGES, "agent.yaml": cut, "bad.md": bad})
    placed = world.ledger.documents.placed(live.generation_id)
    assert {one.status for path, one in placed.items() if not path.endswith("bad.md")} == {
        "published"
    }
    refused = placed[world.path("bad.md")]
    assert refused.status == "quarantined"
    assert "does not take this" in (refused.reason or "")


def test_questions_of_another_model_are_not_compared_with_these_passages(
    world: WriterWorld,
) -> None:
    world.publish(PAGES)
    other = "litellm/openai/of-our-own"
    refused = asyncio.run(ask(world, "How long does leave last?", embedding_model=other))
    assert "embedded with another model" in str(refused)
    assert not refused.get("citations")


def test_a_text_that_the_provider_refuses_is_named_and_costs_no_other(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    provider.refuses = "toxic"
    world.commit({**PAGES, "bad.md": "# Secrets\n\n## Cellar\n\nA toxic word.\n"})
    said = failures(world.ingest())["embeddings"]
    assert world.path("bad.md") in said
    assert "Cellar" in said
    assert "1 text(s)" in said
    assert world.count("embeddings") == 3


def test_a_key_that_is_refused_ends_the_run_at_once(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    provider.always = Refusal(401)
    world.commit(PAGES)
    said = failures(world.ingest())["embeddings"]
    assert "EMBEDDING_MODEL" in said
    assert "docs/models.md" in said
    assert len(provider.calls) == 1


def test_a_budget_that_is_spent_ends_the_run_with_its_name(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    Path(world.settings.llm_profiles).write_text(
        "budgets: [{name: tiny, unit: tokens, cap: 1, over: reject}]\n"
    )
    world.commit(PAGES)
    said = failures(world.ingest())["embeddings"]
    assert "tiny" in said
    assert "LLM_PROFILES" in said
    assert provider.calls == []


def test_what_it_costs_is_said_before(world: WriterWorld) -> None:
    world.commit(PAGES)
    result = world.ingest()
    [said] = [one for one in log_lines(world, result.run_id)
              if one["event"] == "embedding.estimate"]  # fmt: skip
    assert said["money"] == pytest.approx(said["tokens"] * A_TOKEN, abs=1e-6)
    assert said["tokens"] > 0
    assert "about $" in metadata(result, "embeddings")["estimate"]


def test_an_estimate_has_what_it_would_cost_before_anything_is_read_in_earnest(
    world: WriterWorld, provider: LoopbackEmbeddings
) -> None:
    world.commit(PAGES)
    with embedding(world) as embedder:
        folder, way = folder_of(world.settings), way_of(world.settings, embedder)
        estimator = Estimator(folder, world.ledger, way, ParsingChildren(embedder))
        found = estimator.estimate(estimator.look({world.agent: folder.head()}), 1)
    assert found.texts_to_embed == 3
    assert found.money == pytest.approx(found.tokens * A_TOKEN, abs=1e-6)
    assert found.money > 0
    assert any("embedding costs about $" in line for line in estimate_lines(found))
    assert provider.calls == []


def test_another_dimension_is_another_space(world: WriterWorld) -> None:
    world.publish(PAGES)
    world.settings = world.settings.model_copy(update={"embedding_dimension": 128})
    with embedding(world):
        world.publish()
    assert dimension(world) == 128
