"""The whole reader on a real database: server, worker and graph, with knowledge that lives in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import uvicorn
from pydantic import SecretStr

from graph.agents.base_agent import Services
from graph.agents.class_agents import AgentClass, ClassAgents
from graph.classification.rules import RuleClassifier
from graph.entrypoint import Gateways, build_graph
from graph.gateways.chat_model import chat_model
from graph.gateways.postgres import READER_ROLE, LazyPool
from graph.gateways.tool_servers.pool import tool_servers
from graph.planning.rules import RulePlanner
from graph.server.app import create_app
from graph.server.planning_desk import PlanningDesk
from graph.server.worker import open_worker
from graph.settings import ReaderSettings
from tests.conftest import free_port
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder

EVERYONE = ("everyone",)


def reader_settings(database_url: str, **more: Any) -> ReaderSettings:
    return ReaderSettings(
        database_url=SecretStr(database_url), qdrant_url="http://127.0.0.1:1", api_port=free_port(),
        **more,
    )  # fmt: skip


def gateways_in_memory(
    settings: ReaderSettings,
    knowledge: InMemoryKnowledge,
    classes: Mapping[str, AgentClass] = {},
) -> Gateways:
    known = cast("Any", knowledge)
    known.caller = lambda: EVERYONE
    tools = tool_servers(settings.mcp_servers)
    tools.patience = 60
    ops = LazyPool(settings.database_url)
    model = chat_model(settings, ops)
    return Gateways(
        ledger=LazyPool(settings.database_url, role=READER_ROLE),
        ops=ops,
        qdrant=cast("Any", None),
        embedder=cast("Any", WordEmbedder()),
        reader=known,
        model=model,
        tools=tools,
        classes=ClassAgents(classes, Services(known, model, tools)),
    )


@asynccontextmanager
async def whole_reader(
    settings: ReaderSettings,
    knowledge: InMemoryKnowledge,
    classes: Mapping[str, AgentClass] = {},
) -> AsyncIterator[str]:
    """Serve on loopback, with one worker in the same process; gives the address."""
    outside = gateways_in_memory(settings, knowledge, classes)
    desk = PlanningDesk(
        RuleClassifier(),
        RulePlanner(),
        outside.registry,
        knowledge.affinity,
        settings.max_question_chars,
        spending=outside.model,
    )
    async with serving(settings, outside, desk) as url:
        yield url
    await outside.tools.close()
    await outside.ledger.close()
    await outside.ops.close()


@asynccontextmanager
async def serving(
    settings: ReaderSettings, outside: Gateways, desk: PlanningDesk | None = None
) -> AsyncIterator[str]:
    """Serve what is composed already, with one worker; whoever composed it closes it."""
    graphs = {
        "scriptorium": lambda saver: build_graph(settings, checkpointer=saver, gateways=outside)
    }
    app = create_app(
        settings, graphs, planning=desk, agents=outside.registry, reader=outside.reader
    )
    server = uvicorn.Server(
        uvicorn.Config(app, port=settings.api_port, log_config=None, timeout_graceful_shutdown=1)
    )
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined,method-assign]
    stopping = asyncio.Event()
    async with open_worker(settings, graphs, stopping) as worker:
        tasks = [asyncio.create_task(server._serve()), asyncio.create_task(worker.run())]
        try:
            async with asyncio.timeout(60):
                while not server.started:
                    assert not tasks[0].done(), tasks[0].exception()
                    await asyncio.sleep(0.02)
            yield f"http://127.0.0.1:{settings.api_port}"
        finally:
            server.should_exit = True
            stopping.set()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task
