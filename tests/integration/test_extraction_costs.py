"""What reading passages costs is said before, agreed to, booked, and shared by the answers that cite them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from dagster_kb.assets.entities import LINK
from dagster_kb.assets.extractions import EXTRACTIONS, WITHOUT
from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.extraction.forecast import Forecast
from dagster_kb.intake.estimates import Estimator
from dagster_kb.intake.reading_way import Way
from dagster_kb.publishing.release_checks import GATES
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger_money import MoneyLedger
from dagster_kb.triggers.automation import REFRESH
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresQuestionCosts
from kb.ingestion import Ingestion
from tests.doubles.git_repository import GitRepository
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.reading_model import models_file, obedient
from tests.doubles.warm_children import warm_children
from tests.doubles.writer_world import QUIET, WriterWorld, failures, log_lines

ON = "gate: {canary: 'off', max_shrink: 1.0}\nextraction: {enabled: true}\n"
PAGES = {
    "leave.md": "# Leave\n\nLeave lasts 30 days. The Human Resources Office (HRO) grants it.\n",
    "keys.md": "# Keys\n\nKeys are rotated by Alice Moreau every 90 days.\n",
}


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        running.script = lambda call: Reply(text=obedient(call))
        yield running


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str, provider: LoopbackProvider
) -> Iterator[WriterWorld]:
    world = WriterWorld(
        GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id,
        llm_profile="house", llm_profiles=models_file(tmp_path, provider), extraction_ask_above=0.0001,
    )  # fmt: skip
    yield world
    world.close()


def ingestion(world: WriterWorld, **more: Any) -> Ingestion:
    return Ingestion(world.definitions, world.ledger, world.instance, **more)


def forecast_of(world: WriterWorld) -> Forecast:
    settings = world.settings
    desk = ExtractionDesk(
        MoneyLedger(world.ledger.database, "default"), settings.llm_profile, settings.llm_profiles
    )
    folder = KnowledgeFolder(settings.knowledge_dir)
    way = Way(world.embedder, 40, situated_by=desk.situated_by)
    return Forecast(
        folder, world.ledger, desk, Estimator(folder, world.ledger, way, warm_children())
    )


def test_it_is_said_before_agreed_to_and_booked(
    world: WriterWorld, provider: LoopbackProvider
) -> None:
    world.commit({**PAGES, "agent.yaml": ON})
    forecast = forecast_of(world)
    before = forecast.of(world.agent, forecast.folder.head())
    assert before is not None
    assert before.passages == len(PAGES)
    # The length of answers is not known before there is one; the order of magnitude is.
    held = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert held.ok
    assert "more than the $0.0001" in held.waits_for_a_word
    assert not provider.calls
    [run] = world.instance.get_runs(limit=1)
    [foretold] = [one for one in log_lines(world, run.run_id)
                  if one["event"] == "extraction.estimate"]  # fmt: skip
    assert foretold["passages"] == before.passages
    assert foretold["dollars"] == pytest.approx(before.dollars, rel=0.5)
    done = ingestion(world, approved=True).run(world.agent, uncommitted=False, force=False)
    assert done.ok
    assert not done.waits_for_a_word
    assert done.extraction is not None
    assert done.extraction["cost"] == pytest.approx(provider.dollars(), abs=1e-6)
    assert before.dollars / 4 < provider.dollars() < before.dollars * 4
    after = forecast.of(world.agent, forecast.folder.head())
    assert after is not None
    assert (after.passages, after.dollars) == (0, 0.0)
    generation = world.live().generation_id
    [one] = world.ledger.extractions.of_generation(generation, 5, path="keys.md")
    assert one["parsed"]["entities"][0]["name"] == "Alice Moreau"
    assert world.ledger.extractions.of_generation(generation, 5, chunk=one["chunk_id"][:8]) == [one]
    assert sum(row["passages"] for row in world.ledger.extractions.counts(generation)) == 2


def names(world: WriterWorld) -> set[str]:
    """Look through what is live, and return what is kept."""
    job = world.definitions.resolve_job_def(LINK)
    ran = job.execute_in_process(partition_key=world.agent, instance=world.instance,
                                 run_config={"loggers": QUIET})  # fmt: skip
    assert ran.success
    with world.ledger.database.transaction() as connection:
        found = connection.execute(
            "select e.name from kb.entities e join kb.documents d using (document_id)"
        ).fetchall()
    return {row["name"] for row in found}


@pytest.mark.parametrize(
    ("switches", "asks", "found"),
    [
        ("{links: true}", True, {"alice moreau", "rotated"}),
        ("{enabled: true, links: false}", True, {"alice moreau"}),
        ("{links: false}", False, {"alice moreau"}),
    ],
)
def test_links_are_a_switch_of_their_own_said_and_asked_for_before(
    world: WriterWorld, provider: LoopbackProvider, switches: str, asks: bool, found: set[str]
) -> None:
    provider.script = lambda call: Reply(
        text=obedient(call, entities=[{"name": "rotated", "kind": "term"}])
    )
    world.commit({"keys.md": PAGES["keys.md"],
                  "agent.yaml": f"gate: {{canary: 'off'}}\nextraction: {switches}\n"})  # fmt: skip
    forecast = forecast_of(world)
    said = forecast.of(world.agent, forecast.folder.head())
    assert (said.passages if said else 0) == asks
    waits = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert bool(waits.waits_for_a_word) is asks
    assert not provider.calls
    assert ingestion(world, approved=True).run(world.agent, uncommitted=False, force=False).ok
    assert len(provider.calls) == asks
    assert names(world) & {"alice moreau", "rotated"} == found


def test_names_come_from_what_was_read_too(world: WriterWorld, provider: LoopbackProvider) -> None:
    provider.script = lambda call: Reply(
        text=obedient(call, entities=[
            {"name": "rotated", "kind": "term"}, {"name": "Invented Name", "kind": "name"},
            {"name": "HRO", "kind": "acronym", "same_as": "Human Resources Office"},
        ])
    )  # fmt: skip
    world.commit({**PAGES, "agent.yaml": ON})
    assert ingestion(world, approved=True).run(world.agent, uncommitted=False, force=False).ok
    found = names(world)
    assert {"rotated", "alice moreau", "hro"} <= found
    assert "invented name" not in found
    assert world.ledger.entities.waiting(world.live(), "entities", "patterns-3") == []


@pytest.fixture
async def costs(world: WriterWorld) -> AsyncIterator[PostgresQuestionCosts]:
    pool = LazyPool(world.settings.database_url)
    yield PostgresQuestionCosts(pool)
    await pool.close()


@pytest.fixture
def cite(world: WriterWorld) -> Callable[[dict[str, Any]], None]:
    """Keep an answer that cites a passage."""

    def keep(citation: dict[str, Any]) -> None:
        answer = str(uuid4())
        with world.ledger.database.transaction() as connection:
            connection.execute(
                "insert into ops.answers (answer_id, thread_id, run_id, trace_id, question, query_type, status, answer, plan)"
                " values (%s, 't', 'r', '', 'q', 'rag_document', 'completed', 'a', '{}')", (answer,),
            )  # fmt: skip
            connection.execute(
                "insert into ops.citations (answer_id, ordinal, agent_id, generation, chunk_id, path, git_sha,"
                " start_offset, end_offset, quote, heading_path, score)"
                " values (%s, 1, %s, %s, %s, 'p', 's', 0, 1, 'q', '{}', 1)",
                (answer, citation["agent_id"], citation["generation"], citation["chunk_id"]),
            )  # fmt: skip

    return keep


async def test_answers_share_what_their_passages_cost(
    world: WriterWorld, costs: PostgresQuestionCosts, cite: Callable[[dict[str, Any]], None]
) -> None:
    world.commit({**PAGES, "agent.yaml": ON})
    done = await asyncio.to_thread(
        lambda: ingestion(world, approved=True).run(world.agent, uncommitted=False, force=False)
    )
    assert done.ok
    live = world.live()
    paid = {one["chunk_id"]: one["cost"]
            for one in world.ledger.extractions.of_generation(live.generation_id, 9)}  # fmt: skip
    citations = [
        {"agent_id": world.agent, "generation": live.number, "chunk_id": one} for one in paid
    ]
    assert min(paid.values()) > 0
    alone = await costs.of_knowledge("mine", citations)
    assert alone == pytest.approx(sum(paid.values()), abs=1e-7)
    assert await costs.of_knowledge("mine", [citations[0], citations[0]]) == pytest.approx(
        paid[citations[0]["chunk_id"]], abs=1e-7
    )
    cite(citations[0])
    shared = await costs.of_knowledge("mine", citations)
    assert shared == pytest.approx(alone - paid[citations[0]["chunk_id"]] / 2, abs=1e-7)
    assert await costs.of_knowledge("mine", []) == 0.0


async def test_a_text_that_was_read_once_is_shared_by_who_cites_it_anywhere(
    world: WriterWorld, costs: PostgresQuestionCosts, cite: Callable[[dict[str, Any]], None]
) -> None:
    world.commit({**PAGES, "agent.yaml": ON})
    done = await asyncio.to_thread(
        lambda: ingestion(world, approved=True).run(world.agent, uncommitted=False, force=False)
    )
    assert done.ok
    live = world.live()
    read = world.ledger.extractions.of_generation(live.generation_id, 9)
    one, other = (
        {"agent_id": world.agent, "generation": live.number, "chunk_id": row["chunk_id"]}
        for row in read[:2]
    )
    with world.ledger.database.transaction() as connection:
        # As two agents have it whose folders hold the same page.
        connection.execute(
            "update kb.chunk_extractions m set extraction_id = (select extraction_id"
            "  from kb.chunk_extractions join kb.generation_chunks using (document_id, chunk_index)"
            "  where chunk_id = %s limit 1)"
            " from kb.generation_chunks gc where (gc.document_id, gc.chunk_index) = (m.document_id, m.chunk_index)"
            "  and gc.chunk_id = %s",
            (one["chunk_id"], other["chunk_id"]),
        )
    paid = read[0]["cost"]
    assert await costs.of_knowledge("mine", [one, other]) == pytest.approx(paid, abs=1e-7)
    cite(other)
    assert await costs.of_knowledge("mine", [one]) == pytest.approx(paid / 2, abs=1e-7)


def steps_of(world: WriterWorld, run: str | None) -> set[str]:
    logs = world.instance.all_logs(str(run), of_type=dg.DagsterEventType.STEP_SUCCESS)
    return {one.step_key for one in logs if one.step_key}


def test_a_run_leaves_out_what_its_agent_left_off_and_nothing_else(world: WriterWorld) -> None:
    world.commit({"keys.md": "# Keys\n\nSigning keys are rotated every ninety days by the team.\n"})
    done = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert done.ok, done.error
    steps = steps_of(world, done.dagster_run_id)
    assert steps >= {
        "parsed_documents",
        "chunks",
        "embeddings",
        "collection",
        "live_alias",
        "gates",
    }
    assert EXTRACTIONS not in steps
    checks = world.live().checks
    assert all(gate.name in checks for gate in GATES)
    world.commit({"agent.yaml": "extraction: {enabled: true}\n"})
    wanted = ingestion(world).run(world.agent, uncommitted=False, force=False)
    assert steps_of(world, wanted.dagster_run_id) == steps | {EXTRACTIONS}
    assert wanted.extraction


def test_a_run_that_was_asked_for_before_extraction_was_wanted_says_so(world: WriterWorld) -> None:
    """Otherwise passages would be embedded without the sentence that they were to have."""
    world.commit(
        {"keys.md": "# Keys\n\nKeys are rotated.\n", "agent.yaml": "extraction: {situate: true}\n"}
    )
    world.instance.add_dynamic_partitions("agents", [world.agent])
    late = world.definitions.resolve_job_def(REFRESH).execute_in_process(
        partition_key=world.agent, instance=world.instance, raise_on_error=False,
        asset_selection=[dg.AssetKey(one) for one in ("parsed_documents", "chunks")],
        tags={WITHOUT: EXTRACTIONS},
    )  # fmt: skip
    assert "this run leaves that out" in failures(late)["chunks"]
