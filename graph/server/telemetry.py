"""Logs and spans: JSON lines where nobody watches, spans only where there is somewhere to send them."""

import logging
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager

import structlog
from structlog.typing import Processor

from graph.server.redaction import redactor
from graph.settings import ReaderSettings
from kb_contract.kept_secrets import KeptSecrets, secrets_of


def configure_logging(
    level: str, *, terminal: bool | None = None, secrets: Iterable[str] = ()
) -> None:
    """Send our lines and those of libraries the same way, with the ids that are bound, without secrets."""
    watched = sys.stderr.isatty() if terminal is None else terminal
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Processor = (
        # Never with the values of variables: a key may be among them.
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if watched
        else structlog.processors.JSONRenderer()
    )
    ending: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redactor(secrets),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*ending, last])
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "procrastinate", "uvicorn.access", "psycopg.pool"):
        if root.level > logging.DEBUG:
            logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def exported_spans(settings: ReaderSettings, service: str) -> Generator[None]:
    """Export spans until the end of the block, when an endpoint is set."""
    endpoint = settings.otel_exporter_otlp_endpoint
    if not endpoint:
        yield
        return
    # The SDK is loaded only by those who export.
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    from graph.server.hidden_spans import HiddenSpans  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    known = KeptSecrets.of(secrets_of(settings))
    provider.add_span_processor(BatchSpanProcessor(HiddenSpans(exporter, known)))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
