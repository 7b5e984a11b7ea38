"""`kb serve`: the API server, until SIGTERM."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from graph.entrypoint import Gateways
    from graph.settings import ReaderSettings


def serve(
    port: Annotated[int | None, typer.Option(help="Another port than API_PORT.")] = None,
) -> None:
    """Run the API server."""
    from graph.entrypoint import gateways_of
    from graph.server.telemetry import configure_logging, exported_spans
    from kb.reader_process import reader_settings
    from kb_contract.kept_secrets import secrets_of

    settings = reader_settings()
    if port is not None:
        settings = settings.model_copy(update={"api_port": port})
    configure_logging(settings.log_level, secrets=secrets_of(settings))
    with exported_spans(settings, "scriptorium-api"):
        asyncio.run(_served(settings, gateways_of(settings)))


async def _served(settings: "ReaderSettings", gateways: "Gateways") -> None:
    from graph.console.mounting import mount_console
    from graph.entrypoint import classifier_of, planner_of
    from graph.gateways.step_history import PostgresStepHistory
    from graph.server.app import create_app
    from graph.server.planning_desk import PlanningDesk
    from graph.server.serving import serve as serve_app
    from kb.reader_process import reader_graphs

    planning = PlanningDesk(
        classifier=classifier_of(settings, gateways),
        planner=planner_of(settings, gateways),
        agents=gateways.registry,
        affinity=gateways.reader.affinity,
        longest=settings.max_question_chars,
        history=PostgresStepHistory(gateways.ops, settings.workspace_id),
        spending=gateways.model,
        rights=gateways.reader.caller,
    )
    graphs = reader_graphs(settings, gateways)
    app = create_app(
        settings, graphs, planning=planning, agents=gateways.registry, reader=gateways.reader
    )
    mount_console(app, asks_who=settings.kb_auth == "required")
    try:
        await serve_app(settings, app)
    finally:
        await gateways.close()
