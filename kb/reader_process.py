"""What `kb serve` and `kb worker` have in common: settings with addresses, and the reader's graph."""

import uuid
from collections.abc import Mapping
from typing import Any, cast

from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import SecretStr

from graph.agent_graph import GRAPH_NAME
from graph.caching.kept_answer import KeptAnswer
from graph.entrypoint import Gateways, build_graph
from graph.gateways.found_passages import RememberingReader
from graph.server.cache_rounds import CacheRounds, Limits, Warm, Watched
from graph.server.graph_set import Graph, GraphFactory
from graph.settings import ReaderSettings
from kb.settings import find_addresses, load_settings
from kb_contract import setting_errors


def reader_settings() -> ReaderSettings:
    """The reader's settings; addresses that are not set are those of the running stack."""
    found = find_addresses(load_settings())
    given: dict[str, Any] = {
        "database_url": SecretStr(found.database_url),
        "qdrant_url": found.qdrant_url,
        "qdrant_api_key": SecretStr(found.qdrant_api_key) if found.qdrant_api_key else None,
        "dagster_url": found.dagster_url,
    }
    return setting_errors.load(lambda: ReaderSettings(**given))


def reader_graphs(settings: ReaderSettings, gateways: Gateways) -> Mapping[str, GraphFactory]:
    """The graphs of the product, for the server and its workers."""

    def made(saver: BaseCheckpointSaver[Any]) -> Graph:
        return build_graph(settings, checkpointer=saver, gateways=gateways)

    return {GRAPH_NAME: made}


def cache_rounds(settings: ReaderSettings, gateways: Gateways) -> CacheRounds:
    """Look after kept answers, and tell how often each cache of this process knew."""
    kept = gateways.kept
    watched = {
        "plans": Watched(gateways.plans.tally, gateways.plans.size),
        "question_vectors": Watched(gateways.embedder.tally, gateways.embedder.size),
        "tool_results": Watched(gateways.tools.results.tally, gateways.tools.results.size),
    }
    if isinstance(gateways.reader, RememberingReader) and gateways.reader.found:
        found = gateways.reader.found
        watched["passages"] = Watched(found.tally, found.size)
    if kept is not None:
        watched |= {name: Watched(tally, kept.sizes[name]) for name, tally in kept.tallies.items()}
    limits = Limits(
        settings.answer_cache_size,
        settings.answer_cache_megabytes * 2**20,
        settings.answer_cache_warm,
    )
    warm = _warming(settings, gateways)
    return CacheRounds(kept, gateways.ops, settings.workspace_id, limits, watched, warm)


def _warming(settings: ReaderSettings, gateways: Gateways) -> Warm:
    """Ask as this process's own caller may; what others may read is theirs to ask for."""
    graph = build_graph(settings, gateways=gateways)

    async def warm(one: KeptAnswer) -> None:
        if one.groups != gateways.reader.caller():
            return
        asked: Any = {"question": one.question, "agent": one.agent}
        place: Any = {"configurable": {"thread_id": f"warm-{uuid.uuid4()}"}}
        await graph.ainvoke(asked, place, context=cast("Any", {"cache": "no-cache"}))

    return warm
