"""What `kb serve` and `kb worker` have in common: settings with addresses, and the reader's graph."""

from collections.abc import Mapping
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import SecretStr

from graph.agent_graph import GRAPH_NAME
from graph.entrypoint import Gateways, build_graph
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
