"""Exports spans without the secrets that names, attributes and errors may hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import Status

from graph.server.redaction import redacted, redacted_text
from kb_contract.kept_secrets import KeptSecrets


@dataclass(frozen=True)
class HiddenSpans(SpanExporter):
    """Hands on what another exporter sends."""

    inner: SpanExporter
    known: KeptSecrets

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.inner.export([self._hidden(one) for one in spans])

    def shutdown(self) -> None:
        self.inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.inner.force_flush(timeout_millis)

    def _hidden(self, span: ReadableSpan) -> ReadableSpan:
        told = span.status.description
        return ReadableSpan(
            name=redacted_text(span.name, self.known),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=redacted(span.attributes or {}, self.known),
            events=[self._event(one) for one in span.events],
            links=span.links,
            kind=span.kind,
            instrumentation_scope=span.instrumentation_scope,
            status=Status(span.status.status_code, told and redacted_text(told, self.known)),
            start_time=span.start_time,
            end_time=span.end_time,
        )

    def _event(self, event: Event) -> Event:
        about = redacted(event.attributes or {}, self.known)
        return Event(redacted_text(event.name, self.known), about, event.timestamp)
