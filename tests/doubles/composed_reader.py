"""The reader as it is composed, over what a `WriterWorld` publishes; its model may be behind HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient

from graph.agent_graph import ReaderGraph
from graph.agents.base_agent import Services
from graph.agents.class_agents import ClassAgents
from graph.entrypoint import Gateways, build_graph
from graph.gateways.answer_cache.composed import stored_answers
from graph.gateways.chat_model import RoutedChatModel, chat_model
from graph.gateways.found_passages import FoundPassages, RememberingReader
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.past_copies import PastCopies
from graph.gateways.postgres import READER_ROLE, LazyPool
from graph.gateways.tool_servers.pool import tool_servers
from graph.settings import ReaderSettings
from kb_contract.audience import callers_groups
from kb_contract.chat_models.profiles import Profile
from tests.doubles.hash_embedder import HashedQuestions
from tests.doubles.kept_books import KeptBooks
from tests.doubles.writer_world import WriterWorld


@dataclass(frozen=True)
class ComposedReader:
    """A graph with the ways out that it stands on."""

    settings: ReaderSettings
    outside: Gateways
    graph: ReaderGraph

    async def ask(self, question: str, **more: Any) -> dict[str, Any]:
        """Ask on a thread of its own; `as_of`, `only` and `cache` go where a caller says them."""
        context = {name: more.pop(name) for name in ("as_of", "only", "cache") if name in more}
        asked: Any = {"question": question, **more}
        thread = uuid4().hex
        async with self.outside.ops.connection() as connection:  # as the server has it
            await connection.execute("insert into ops.threads (thread_id) values (%s)", (thread,))
        config: Any = {"configurable": {"thread_id": thread}}
        done = await self.graph.ainvoke(asked, config, context=cast("Any", context))
        return cast("dict[str, Any]", done)


@asynccontextmanager
async def composed_reader(
    world: WriterWorld, api_base: str = "", **settings: Any
) -> AsyncGenerator[ComposedReader]:
    # Tests that ask twice want it worked out twice, but where they say otherwise.
    wanted = {"result_cache_ttl": 0, "workspace_id": world.settings.workspace_id, **settings}
    groups = callers_groups(wanted.get("kb_audience", ""))
    said = ReaderSettings(
        database_url=world.settings.database_url, qdrant_url=world.settings.qdrant_url, **wanted
    )
    ledger, ops = LazyPool(said.database_url, role=READER_ROLE), LazyPool(said.database_url)
    qdrant = AsyncQdrantClient(url=said.qdrant_url, check_compatibility=False)
    embedder = cast("Any", HashedQuestions())
    live = PostgresQdrantReader(ledger, qdrant, embedder, said.workspace_id, caller=lambda: groups)
    copies = PastCopies(ledger, ops, qdrant, said.workspace_id)
    reader = RememberingReader(live, copies, FoundPassages(ledger, said.workspace_id))
    model = RoutedChatModel(_profile(api_base), KeptBooks()) if api_base else chat_model(said, ops)
    tools = tool_servers("")
    classes = ClassAgents({}, Services(reader, model, tools))
    kept = stored_answers(said, ledger, ops, qdrant, embedder)
    outside = Gateways(ledger, ops, qdrant, embedder, reader, model, tools, classes, kept)
    try:
        yield ComposedReader(said, outside, build_graph(said, gateways=outside))
    finally:
        await outside.close()


def _profile(api_base: str) -> Profile:
    asked = {"model": "openai/test", "api_base": api_base, "api_key": SecretStr("sk-test")}
    return Profile.model_validate({"primary": {"standard": asked}})
