"""The server, composed. Read this first."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version

from fastapi import FastAPI
from langgraph.store.postgres.aio import AsyncPostgresStore
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from graph.checkpoints import open_saver
from graph.ports import KnowledgeReader
from graph.server import (
    answers,
    approval_links,
    approvals,
    assistant_changes,
    assistants,
    contents,
    costs,
    crons,
    delegations,
    docs_page,
    feedback,
    health,
    hooks,
    identity,
    knowledge,
    metrics,
    openai_chat,
    orchestrate,
    plans,
    quality,
    runs,
    search,
    sessions,
    socket,
    store,
    thread_states,
    thread_stream,
    threads,
    tickets,
    transcripts,
    unavailable,
    workflows,
)
from graph.server.border import LOOPBACK_ORIGIN, Border
from graph.server.clock import Clock, utc_now
from graph.server.correlation import Correlation
from graph.server.database import Database, server_pool
from graph.server.described import ABOUT, TAGS, describe
from graph.server.door.authentication import Authentication
from graph.server.door.entrance import Doorkeeper, Entrance
from graph.server.door.headers import SafeHeaders
from graph.server.door.limits import Limits
from graph.server.door.route_finder import RouteFinder
from graph.server.door.tickets import Tickets
from graph.server.door.tokens import TokenCheck, token_check
from graph.server.errors import REFUSALS, install_error_answers
from graph.server.graph_set import GraphFactory, GraphSet
from graph.server.mcp_door import mcp_route, open_door
from graph.server.queue import RunQueue
from graph.server.request_bodies import WholeBody
from graph.server.request_counts import RequestMetrics
from graph.server.room import room_of
from graph.server.run_creation import RunDesk
from graph.server.security import check_address
from graph.server.server_parts import AgentList, Planning, ServerParts
from graph.server.signals import APPROVALS, EVENTS, Signals
from graph.server.streams import EventStreams
from graph.settings import ReaderSettings
from kb_contract.kept_secrets import KeptSecrets, secrets_of

TITLE = "Scriptorium"
POOL = 16
LARGER = {hooks.PATH: hooks.MOST_BYTES}
# Beyond the question's own limit an assistant hears that there is no answer.
DOOR_MARGIN = 60.0
# `unavailable` first: its paths would else be read as ids.
ROUTERS = (
    unavailable.router,
    docs_page.router,
    health.router,
    assistants.router,
    assistant_changes.router,
    threads.router,
    store.router,
    thread_states.router,
    thread_stream.router,
    crons.router,
    runs.router,
    approval_links.router,
    approvals.router,
    delegations.router,
    orchestrate.router,
    transcripts.router,
    socket.router,
    plans.router,
    workflows.router,
    knowledge.router,
    contents.router,
    quality.router,
    identity.router,
    feedback.router,
    search.router,
    answers.router,
    hooks.router,
    costs.router,
    sessions.router,
    openai_chat.router,
    metrics.router,
    tickets.router,
)


def create_app(
    settings: ReaderSettings,
    graphs: Mapping[str, GraphFactory],
    *,
    planning: Planning | None = None,
    agents: AgentList | None = None,
    reader: KnowledgeReader | None = None,
    now: Clock = utc_now,
) -> FastAPI:
    """Make the server; connections are opened when it starts."""
    check_address(settings)
    tokens = token_check(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with _open_parts(settings, graphs, now) as parts:
            app.state.doorkeeper = _doorkeeper(app, settings, parts.database, tokens)
            app.state.parts = replace(parts, planning=planning, agents=agents, reader=reader)
            async with open_door(app, seconds=settings.query_timeout + DOOR_MARGIN):
                yield

    app = FastAPI(
        title=TITLE,
        description=ABOUT,
        openapi_tags=TAGS,
        version=version("scriptorium"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses=REFUSALS,
        middleware=_middleware(settings),
    )
    _add_routes(app)
    describe(app)
    return app


@asynccontextmanager
async def _open_parts(
    settings: ReaderSettings, graphs: Mapping[str, GraphFactory], now: Clock
) -> AsyncGenerator[ServerParts]:
    url = settings.database_url
    signals = Signals(url, [EVENTS, APPROVALS])
    async with (
        server_pool(url, largest=POOL) as pool,
        open_saver(url.get_secret_value(), largest=POOL) as saver,
        signals.listening(),
    ):
        workspace = settings.workspace_id
        queue, database = RunQueue(pool, workspace), Database(pool, workspace)
        await queue.open()
        known = GraphSet.compiled(graphs, saver)
        yield ServerParts(
            settings=settings,
            database=database,
            saver=saver,
            graphs=known,
            desk=RunDesk(
                database,
                queue,
                known,
                saver,
                now,
                room_of(settings),
                settings.notify_private_addresses,
                KeptSecrets.of(secrets_of(settings)),
            ),
            streams=EventStreams(database, signals),
            planning=None,
            agents=None,
            store=AsyncPostgresStore(saver.conn),
        )


def _add_routes(app: FastAPI) -> None:
    install_error_answers(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.append(mcp_route())


def _doorkeeper(
    app: FastAPI, settings: ReaderSettings, database: Database, tokens: TokenCheck | None
) -> Doorkeeper:
    limits = Limits(settings.kb_rate_per_key, settings.kb_rate_per_user, settings.kb_open_requests)
    door = Authentication(settings, database, tokens)
    counted = app.state.metrics = RequestMetrics()
    finder = RouteFinder.of(app)
    return Doorkeeper(door, limits, finder, database, counted, Tickets(database))


def stop_being_ready(app: FastAPI) -> None:
    """Say to balancers that this process takes nothing new; what comes all the same is answered."""
    parts: ServerParts | None = getattr(app.state, "parts", None)
    if parts is not None:
        parts.streams.leaving.set()


def stop_streams(app: FastAPI) -> None:
    """Let streams end, so that the process can; their clients continue elsewhere, or later."""
    parts: ServerParts | None = getattr(app.state, "parts", None)
    if parts is not None:
        parts.streams.leaving.set()
        parts.streams.closing.set()
        parts.streams.signals.wake_all()


def _middleware(settings: ReaderSettings) -> list[Middleware]:
    origins = [one.strip() for one in settings.cors_origins.split(",") if one.strip()]
    return [
        Middleware(SafeHeaders),
        Middleware(Correlation),
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_origin_regex=LOOPBACK_ORIGIN.pattern,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=[
                "Content-Location",
                "Location",
                "X-Trace-ID",
                "X-Session-ID",
                "Retry-After",
            ],
            allow_private_network=True,
        ),
        Middleware(
            Border,
            origins=origins,
            loopback_only=settings.kb_auth == "off",
            larger=LARGER,
        ),
        Middleware(Entrance),
        Middleware(WholeBody, larger=LARGER),
    ]
