"""All tool servers of this process: one connection each, and what they offer now."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from graph.gateways.asked_caching import asked_caching
from graph.gateways.tool_servers.connection import Connection
from graph.gateways.tool_servers.described_tools import MOST_TOOLS, cards_of
from graph.gateways.tool_servers.results import ToolResults
from graph.gateways.tool_servers.server_specs import ServerSpec, read_servers
from graph.gateways.tool_servers.tool_answers import answer_of
from graph.planning.tool_card import ToolCard
from graph.ports import ServerOffer, ToolAnswer
from kb_contract.errors import ToolRefused, Unavailable

if TYPE_CHECKING:
    from mcp import Client

log = structlog.get_logger(__name__)
LIST_SECONDS: Final = 5.0
PATIENCE: Final = 4.0
"""How long a question waits for a server that is only starting; its tools are there for the next."""
MOST_PAGES: Final = 20
KNOWN_FOR: Final = 30.0
"""How long a catalogue is believed for planning; before a call it is always read again."""


@dataclass(frozen=True)
class Seen:
    """What a server offered, or why it did not say."""

    at: float
    cards: tuple[ToolCard, ...]
    trouble: str = ""


@dataclass
class ToolServerPool:
    """The real `ToolServers`."""

    connections: Mapping[str, Connection]
    known_for: float = KNOWN_FOR
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    results: ToolResults = field(default_factory=ToolResults)
    _seen: dict[str, Seen] = field(default_factory=dict[str, Seen], init=False)
    _looking: dict[str, "asyncio.Task[Seen]"] = field(
        default_factory=dict[str, "asyncio.Task[Seen]"], init=False
    )

    async def catalogue(self) -> tuple[ToolCard, ...]:
        seen = await asyncio.gather(*(self._known(name) for name in self.connections))
        return tuple(card for one in seen for card in one.cards)

    async def health(self) -> dict[str, Seen]:
        """Ask every server now: what it offers, or what is wrong with it."""
        found = await asyncio.gather(*(self._look(name) for name in self.connections))
        return dict(zip(self.connections, found, strict=True))

    def offers(self) -> tuple[ServerOffer, ...]:
        specs = (one.spec for one in self.connections.values())
        return tuple(
            ServerOffer(
                one.name, one.title, one.purpose, tuple(f"{one.name}/{glob}" for glob in one.offer)
            )
            for one in specs
        )

    async def check(self, tool: str, *, fingerprint: str) -> None:
        connection = self._connection(tool)

        async def looked(client: "Client") -> None:
            await self._still_the_same(connection, client, tool, fingerprint)

        await connection.use(looked, seconds=LIST_SECONDS)

    async def call(
        self, tool: str, arguments: dict[str, Any], *, fingerprint: str, seconds: float
    ) -> ToolAnswer:
        connection, name = self._connection(tool), tool.partition("/")[2]
        kept: ToolAnswer | None = None
        wish = asked_caching()

        async def called(client: "Client") -> Any:
            nonlocal kept
            card = await self._still_the_same(connection, client, tool, fingerprint)
            if kept := self.results.find(card, arguments, wish):
                return None
            try:
                return card, await client.session.call_tool(name, arguments)
            except (RuntimeError, ValueError) as error:
                raise _unusable(tool, error) from error

        came = await connection.use(called, seconds=min(seconds, connection.spec.timeout))
        if kept is not None:
            return kept
        card, result = came
        return self.results.keep(card, arguments, answer_of(result), wish)

    async def close(self) -> None:
        await asyncio.gather(*(one.close() for one in self.connections.values()))

    def _connection(self, tool: str) -> Connection:
        server = tool.partition("/")[0]
        if server not in self.connections:
            raise ToolRefused(
                f"there is no tool server {server!r}", where=tool,
                cure=f"servers: {', '.join(self.connections) or 'none'}; see MCP_SERVERS",
            )  # fmt: skip
        return self.connections[server]

    async def _still_the_same(
        self, connection: Connection, client: "Client", tool: str, fingerprint: str
    ) -> ToolCard:
        """A tool that changed since the plan was made is another tool, which nobody agreed to."""
        cards = await _listed(connection.spec, client)
        self._seen[connection.spec.name] = Seen(self.clock(), cards)
        now = next((one for one in cards if one.name == tool), None)
        if now is None or now.fingerprint != fingerprint:
            what = "is gone" if now is None else "is not what it was when the plan was made"
            raise ToolRefused(
                f"the tool {what}", where=tool, cure="ask again, so that a new plan is made"
            )
        return now

    async def _known(self, name: str) -> Seen:
        seen = self._seen.get(name)
        if seen and self.clock() - seen.at < self.known_for:
            return seen
        running = self._looking.get(name)
        if (
            running is None
            or running.done()
            or running.get_loop() is not asyncio.get_running_loop()
        ):
            running = self._looking[name] = asyncio.create_task(self._look(name))
        # Several questions wait for one look; who gives up does not end it for the others.
        await asyncio.wait({running}, timeout=self.patience)
        return running.result() if running.done() else seen or Seen(self.clock(), (), "starting")

    async def _look(self, name: str) -> Seen:
        connection = self.connections[name]
        try:
            cards = await connection.use(
                lambda client: _listed(connection.spec, client), seconds=LIST_SECONDS
            )
            seen = Seen(self.clock(), cards)
        except (Unavailable, ToolRefused) as error:
            log.warning("tool server left out", server=name, error=str(error))
            seen = Seen(self.clock(), (), str(error))
        self._seen[name] = seen
        return seen


def _unusable(tool: str, error: Exception) -> ToolRefused:
    """An answer came: the connection is sound, and asking again would do it again."""
    return ToolRefused(
        f"its server answered against its own schema, or with a question back: {str(error)[:300]}",
        where=tool, cure="look at the server, and at what the call may have changed",
    )  # fmt: skip


async def _listed(spec: ServerSpec, client: "Client") -> tuple[ToolCard, ...]:
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if cursor is None or len(found) > MOST_TOOLS:
            break
    return cards_of(spec, found)


def tool_servers(setting: str) -> ToolServerPool:
    """Make the pool that MCP_SERVERS asks for; nothing is started before it is used."""
    return ToolServerPool({spec.name: Connection(spec) for spec in read_servers(setting)})
