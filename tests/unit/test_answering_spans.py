"""Spans of the server and of a worker reach a collector, and nothing is loaded without one."""

import subprocess
import sys

from tests.doubles.span_receiver import span_receiver

# A process of its own: the tracer of a process can be set once.
PROGRAM = """
import sys
from opentelemetry import trace
from graph.server.telemetry import exported_spans
from graph.settings import ReaderSettings

given = ReaderSettings(
    database_url="postgresql://nowhere", qdrant_url="http://nowhere",
    otel_exporter_otlp_endpoint=sys.argv[1], kb_api_key="a-planted-key",
)
tracer = trace.get_tracer("graph")
with exported_spans(given, "worker"):
    with tracer.start_as_current_span("step", attributes={"n": 1, "said": "with a-planted-key"}):
        pass
    with tracer.start_as_current_span("GET /approvals/links/" + "t" * 43):
        pass
print("opentelemetry.sdk.trace" in sys.modules)
"""


def run(endpoint: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, endpoint], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_spans_of_answering_reach_a_collector():
    with span_receiver() as collector:
        assert run(collector.url) == "True"
    (span,) = collector.named("step")
    assert span.service == "worker"
    assert span.attributes == {"n": 1, "said": "with [hidden]"}
    assert collector.named("GET /approvals/links/[hidden]")


def test_without_a_collector_tracing_is_free():
    assert run("") == "False"
