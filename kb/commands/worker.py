"""`kb worker`: runs graphs, until SIGTERM."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graph.entrypoint import Gateways
    from graph.settings import ReaderSettings


def worker() -> None:
    """Run a worker."""
    from graph.entrypoint import gateways_of
    from graph.server.telemetry import configure_logging, exported_spans
    from kb.reader_process import reader_settings
    from kb_contract.kept_secrets import secrets_of

    settings = reader_settings()
    configure_logging(settings.log_level, secrets=secrets_of(settings))
    with exported_spans(settings, "scriptorium-worker"):
        asyncio.run(_worked(settings, gateways_of(settings)))


async def _worked(settings: "ReaderSettings", gateways: "Gateways") -> None:
    from graph.ending_tasks import end
    from graph.server.gap_rounds import GapRounds
    from graph.server.worker import work
    from kb.reader_process import cache_rounds, reader_graphs

    # Loading a model keeps a process from its heartbeat, so it is done before the first run comes.
    await gateways.embedder.warm()
    gaps = GapRounds(
        gateways.ops, gateways.reader, gateways.embedder, gateways.model,
        settings.workspace_id, settings.context_tokens,
    )  # fmt: skip
    caches = cache_rounds(settings, gateways)
    rounds = [
        asyncio.create_task(gaps.run()),
        asyncio.create_task(caches.run(settings.database_url)),
    ]
    try:
        await work(settings, reader_graphs(settings, gateways))
    finally:
        await end(*rounds)
        await gateways.close()
