"""What a run tells while it works: lines in Dagster's log, and spans where there is an endpoint.

Every line and every span of a run carries the same ids. The trace is the one of the request that
asked for the run, else the run itself: Dagster's run id, read as a number, is the trace's id.
"""

import hashlib
import json
import re
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from opentelemetry import trace
from opentelemetry.context import Context

from kb_contract.generation import Generation

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

TRACE_TAG: Final = "kb/trace_id"
# Between what people read and what machines do, in a line of the log.
FOR_MACHINES: Final = " | "
LISTED: Final = 5
SERVICE: Final = "scriptorium-writer"
# A collector that does not answer must not hold a run up.
EXPORT_SECONDS: Final = 3
_HEX_TRACE: Final = re.compile(r"[0-9a-f]{32}")


class Log(Protocol):
    """What takes a line; Dagster's own log in its runs."""

    def info(self, msg: str) -> None: ...
    def warning(self, msg: str) -> None: ...


@dataclass(frozen=True)
class NoLog:
    """Takes lines and keeps none."""

    def info(self, msg: str) -> None:
        """Say nothing."""

    def warning(self, msg: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Stages:
    """Tells the stages of one asset's work, each line and span with the run's ids."""

    tracer: trace.Tracer = field(default_factory=trace.NoOpTracer)
    log: Log = field(default_factory=NoLog)
    ids: dict[str, Any] = field(default_factory=dict[str, Any])

    def about(self, generation: Generation) -> None:
        """From here on, say which pipeline run and generation this is about."""
        self.ids.update(run_id=generation.run_id or "", generation=generation.number)
        trace.get_current_span().set_attributes(self.ids)

    def say(self, event: str, **facts: Any) -> None:
        """Write a line."""
        self.log.info(self._line(event, facts))

    @contextmanager
    def stage(
        self, event: str, *, ending: str = "", quiet: bool = False, **facts: Any
    ) -> Generator[dict[str, Any]]:
        """Put a span around a stage, and a line at its end unless there are too many of them."""
        began = time.perf_counter()
        with self.tracer.start_as_current_span(event, attributes={**self.ids, **facts}) as span:
            try:
                yield facts
            except Exception as error:
                self.log.warning(
                    self._line(f"{event}.failed", {**facts, "error": str(error)[:500]})
                )
                raise
            span.set_attributes(facts)
        facts["seconds"] = round(time.perf_counter() - began, 3)
        if not quiet:
            self.say(ending or event, **facts)

    def _line(self, event: str, facts: Mapping[str, Any]) -> str:
        """Words for people, then the same with the run's ids for machines."""
        words = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()
                          if isinstance(value, str | int | float))  # fmt: skip
        few = {name: _few(value) for name, value in facts.items()}
        told = json.dumps({"event": event, **self.ids, **few}, ensure_ascii=False, default=str)
        return f"{event}: {words}{FOR_MACHINES}{told}"


def _few(value: Any) -> Any:
    """Hundreds of ids make a log unreadable: the span has all of them."""
    if not isinstance(value, list | tuple):
        return value
    some = list(cast("Sequence[Any]", value))
    return [*some[:LISTED], f"… and {len(some) - LISTED} more"] if len(some) > LISTED else some


@dataclass(frozen=True)
class Telemetry:
    """Makes the stages of runs; without an endpoint there are no spans and no SDK is loaded."""

    endpoint: str = ""

    @contextmanager
    def asset(
        self, name: str, log: Log, dagster_run: str, agent: str, tags: Mapping[str, str],
        *, last: bool = False,
    ) -> Generator[Stages]:  # fmt: skip
        """Open an asset's span; what was collected goes out with the last one, or a failure."""
        trace_id = tags.get(TRACE_TAG) or _number(dagster_run)
        ids = {"agent_id": agent, "dagster_run_id": dagster_run, "trace_id": trace_id}
        stages = Stages(self._tracer, log, ids)
        ended_well = False
        try:
            with self._tracer.start_as_current_span(
                name, context=_parent(trace_id, dagster_run), attributes=ids
            ):
                yield stages
            ended_well = True
        finally:
            if last or not ended_well:
                self.flush()

    def flush(self) -> None:
        """Send what was collected."""
        if self.endpoint:
            self._provider.force_flush()

    @cached_property
    def _tracer(self) -> trace.Tracer:
        if not self.endpoint:
            return trace.NoOpTracer()
        return self._provider.get_tracer("scriptorium.writer")

    @cached_property
    def _provider(self) -> "TracerProvider":
        # The SDK is loaded only by those who export.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
        exporter = OTLPSpanExporter(
            endpoint=f"{self.endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS
        )
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return provider


def _number(dagster_run: str) -> str:
    return dagster_run.replace("-", "").lower()


def _parent(trace_id: str, dagster_run: str) -> Context:
    """Make all assets of a run children of one parent, whichever process they run in."""
    known = trace_id if _usable(trace_id) else _number(dagster_run)
    if not _usable(known):
        known = hashlib.sha256(dagster_run.encode()).hexdigest()[:32]
    above = trace.SpanContext(
        trace_id=int(known, 16),
        span_id=int(hashlib.sha256(dagster_run.encode()).hexdigest()[:16], 16) | 1,
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(above))


def _usable(trace_id: str) -> bool:
    return bool(_HEX_TRACE.fullmatch(trace_id)) and int(trace_id, 16) != 0
