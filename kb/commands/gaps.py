"""`kb gaps`: questions that nobody could answer, and the commits that closed them."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.commands.eval_outcome import needed_history
from kb.terminal import console, escape, say_json
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from graph.server.gap_rounds import Closed

DISMISS = "dismiss"


def gaps(
    agent: Annotated[
        str | None, typer.Argument(help="Only this agent's; or the word dismiss.")
    ] = None,
    gap: Annotated[int | None, typer.Argument(help="After dismiss: the gap's number.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Closed and dismissed ones too.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Ask the open ones again, now.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List gaps, open and often asked ones first: `kb gaps [AGENT]`, `kb gaps dismiss ID`."""
    if (agent == DISMISS) != (gap is not None):
        raise BadInput("which gap?", cure="`kb gaps dismiss ID`, with a number of the list")
    kept = needed_history()
    if gap is not None:
        if not kept.dismiss(gap):
            raise BadInput(f"gap {gap} is not open", cure="see `kb gaps`")
        _say({"dismissed": gap}, f"gap {gap} is dismissed", as_json=json)
        return
    closed = asyncio.run(_asked_again(agent)) if again else []
    found = kept.gaps(agent=agent, state=None if everything else "open", limit=limit)
    if json:
        say_json({"gaps": found, "closed_now": [one.gap_id for one in closed]})
        return
    for one in closed:
        console().print(
            f"[green]closed[/green] {one.gap_id} by {one.sha[:10]}: {escape(one.question)}"
        )
    for one in found:
        _show(one)
    if not (found or closed):
        console().print("Nothing is open.")


async def _asked_again(agent: str | None) -> "list[Closed]":
    from graph.entrypoint import gateways_of
    from graph.server.gap_rounds import GapRounds
    from graph.server.telemetry import configure_logging
    from kb.reader_process import reader_settings

    configure_logging("WARNING")  # stdout is for the list
    settings = reader_settings()
    gateways = gateways_of(settings)
    try:
        rounds = GapRounds(
            gateways.ops, gateways.reader, gateways.embedder, gateways.model,
            settings.workspace_id, settings.context_tokens,
        )  # fmt: skip
        return await rounds.round(agent=agent, again=True)
    finally:
        await gateways.close()


def _say(document: Mapping[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        say_json(document)
    else:
        console().print(line)


def _show(one: Mapping[str, Any]) -> None:
    colour = {"open": "red", "closed": "green"}.get(one["state"], "dim")
    out = console()
    out.print(
        f"[bold]{one['gap_id']}[/bold] [{colour}]{one['state']}[/{colour}] {escape(one['agent_id'])} "
        f"asked {one['times']} times, last {one['asked_at']:%Y-%m-%d %H:%M}: {escape(one['question'])}"
    )
    if one["closed_sha"]:
        out.print(
            f"   {one['closed_sha'][:10]} {escape(one['closed_path'])}: “{escape(one['closed_quote'])}”"
        )
