"""What a run tells: spans that arrive somewhere, and lines with the run's ids."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace

from dagster_kb.definitions import build_definitions
from dagster_kb.telemetry import Telemetry
from dagster_kb.triggers.automation import REFRESH
from tests.doubles.span_receiver import SpanReceiver, span_receiver
from tests.doubles.writer_world import QUIET, WriterWorld, log_lines, why

ASSETS = ("parsed_documents", "chunks", "embeddings", "collection", "live_alias")
TRACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": "# Keys\n\nWords of keys.\n", "open.md": "---\ntitle: open\n"})
    world.repository.commit()
    return world


@pytest.fixture
def receiver() -> Iterator[SpanReceiver]:
    with span_receiver() as receiver:
        yield receiver


def ingest(world: WriterWorld, telemetry: Telemetry, tags: dict[str, str]) -> Any:
    definitions = build_definitions(
        world.settings, embedder=world.embedder, store=world.store, ledger=world.ledger,
        telemetry=telemetry,
    )  # fmt: skip
    world.instance.add_dynamic_partitions("agents", [world.agent])
    return definitions.resolve_job_def(REFRESH).execute_in_process(
        partition_key=world.agent, instance=world.instance, raise_on_error=False,
        run_config={"loggers": QUIET}, tags=tags,
    )  # fmt: skip


def test_the_spans_of_a_run_arrive_in_one_trace(world: WriterWorld, receiver: SpanReceiver):
    result = ingest(world, Telemetry(receiver.url), {"kb/trace_id": TRACE})
    assert result.success, why(result)
    assert {one.trace_id for one in receiver.spans} == {TRACE}
    assert {one.service for one in receiver.spans} == {"scriptorium-writer"}
    live = world.live()
    for name in ASSETS:
        (span,) = receiver.named(name)
        assert span.attributes["agent_id"] == world.agent
        assert span.attributes["trace_id"] == TRACE
        assert span.attributes["run_id"] == live.run_id
    manifest = set(world.ledger.documents.manifest(live.generation_id))
    # A first ingest writes its points while it embeds.
    inside = {"read": "parsed_documents", "chunk.persist": "parsed_documents",
              "embed": "embeddings", "vector.upsert": "embeddings"}  # fmt: skip
    for stage, asset in inside.items():
        (span,) = receiver.named(stage)
        assert span.parent_id == receiver.named(asset)[0].span_id
    assert set(receiver.named("embed")[0].attributes["chunk_ids"]) == manifest
    assert set(receiver.named("vector.upsert")[0].attributes["chunk_ids"]) == manifest


def test_without_a_tag_the_run_is_the_trace(world: WriterWorld, receiver: SpanReceiver):
    result = ingest(world, Telemetry(receiver.url), {})
    assert {one.trace_id for one in receiver.spans} == {result.run_id.replace("-", "")}


def test_a_trace_of_another_shape_is_an_attribute(world: WriterWorld, receiver: SpanReceiver):
    result = ingest(world, Telemetry(receiver.url), {"kb/trace_id": "ticket-17"})
    assert {one.trace_id for one in receiver.spans} == {result.run_id.replace("-", "")}
    assert {one.attributes["trace_id"] for one in receiver.spans} == {"ticket-17"}


def test_spans_of_a_run_that_failed_arrive_too(world: WriterWorld, receiver: SpanReceiver):
    world.commit({"agent.yaml": "titel: wrong key\n"})
    assert not ingest(world, Telemetry(receiver.url), {}).success
    assert [one.name for one in receiver.spans] == ["parsed_documents"]


def test_every_stage_says_so_with_the_ids_of_the_run(world: WriterWorld):
    result = ingest(world, Telemetry(), {"kb/trace_id": TRACE})
    said = log_lines(world, result.run_id)
    events = [one["event"] for one in said]
    for event in ("read.start", "read.end", "chunk.persist", "embed", "vector.upsert", "published"):
        assert event in events
    live = world.live()
    for one in said:
        assert (one["agent_id"], one["trace_id"]) == (world.agent, TRACE)
        assert (one["run_id"], one["dagster_run_id"]) == (live.run_id, result.run_id)
    broken = next(one for one in said if one["event"] == "quarantined")
    assert broken["path"] == world.path("open.md")
    read = next(one for one in said if one["event"] == "read.end")
    assert len(read["document_ids"]) == 2


def test_without_an_endpoint_nothing_is_recorded(world: WriterWorld, receiver: SpanReceiver):
    telemetry = Telemetry()
    assert ingest(world, telemetry, {}).success
    assert "_provider" not in vars(telemetry)
    assert isinstance(telemetry._tracer, trace.NoOpTracer)
    assert receiver.spans == []


def test_a_collector_that_is_gone_fails_no_run(world: WriterWorld):
    result = ingest(world, Telemetry("http://127.0.0.1:9"), {})
    assert result.success, why(result)
