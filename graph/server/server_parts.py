"""What routes work with; made once when the server starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar, cast

from fastapi import Depends, Request
from langgraph.store.postgres.aio import AsyncPostgresStore
from pydantic import BaseModel

from graph.caller import current_caller
from graph.checkpoints import PostgresSaver
from graph.planning.registry import Registry
from graph.ports import KnowledgeReader
from graph.server.database import Database
from graph.server.graph_set import GraphSet
from graph.server.run_creation import RunDesk
from graph.server.streams import EventStreams
from graph.settings import ReaderSettings

Said = TypeVar("Said", bound=BaseModel)


class Planning(Protocol):
    """Classifies questions and makes plans, outside of any run."""

    async def classify(self, question: str) -> Mapping[str, Any]: ...
    async def plan(self, question: str) -> Mapping[str, Any]: ...
    async def validate(self, plan: Mapping[str, Any]) -> Mapping[str, Any]: ...
    async def optimize(self, plan: Mapping[str, Any]) -> Mapping[str, Any]: ...


class AgentList(Protocol):
    """Every agent that can be asked now."""

    async def current(self) -> Registry: ...


@dataclass(frozen=True)
class ServerParts:
    """The composition of one server."""

    settings: ReaderSettings
    database: Database
    saver: PostgresSaver
    graphs: GraphSet
    desk: RunDesk
    streams: EventStreams
    planning: Planning | None
    agents: AgentList | None
    store: AsyncPostgresStore
    reader: KnowledgeReader | None = None

    def kept(self, said: Said) -> Said:
        """What a caller says as it may be kept: without keys that slipped into it."""
        told = said.model_dump(exclude_unset=True)
        return type(said).model_validate(self.desk.secrets.hidden(told))


def _parts(request: Request) -> ServerParts:
    return cast("ServerParts", request.app.state.parts)


def _caller() -> str:
    """Who calls, as the door knows it: by a key, a token, or a name where anyone may take one."""
    return current_caller().name


Parts = Annotated[ServerParts, Depends(_parts)]
Caller = Annotated[str, Depends(_caller)]
