"""`kb pin` and `kb unpin`: keep a generation from retention."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from kb.operator_access import moment, operator, operators_ledger
from kb.terminal import console, escape, say_json
from kb.writer_access import known_agent
from kb_contract.errors import BadInput

Agent = Annotated[str, typer.Argument(help="The agent's id.")]
Number = Annotated[int, typer.Argument(min=1, help="Its number in `kb generations`.")]
Holder = Annotated[str | None, typer.Option(help="Who needs it; by default you.")]
Workspace = Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def pin(
    agent: Agent,
    generation: Number,
    holder: Holder = None,
    until: Annotated[
        str | None, typer.Option(help="2027-01-31; without it, until unpinned.")
    ] = None,
    reason: Annotated[str, typer.Option(help="What for.")] = "",
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Keep what a generation is made of, however old it gets."""
    ends = _still_to_come(until) if until else None
    who = holder or f"person:{operator()}"
    with operators_ledger(workspace) as ledger:
        found = ledger.ways_back.numbered(known_agent(ledger, agent), generation)
        ledger.ways_back.pin(found, who, reason=reason, ends_at=ends)
        pins = ledger.ways_back.pins([agent])
    if json:
        say_json({"agent_id": agent, "pins": pins})
    else:
        how_long = f"until {ends:%Y-%m-%d %H:%M %Z}" if ends else "until it is unpinned"
        console().print(f"generation {generation} is kept for {escape(who)} {how_long}")


def _still_to_come(until: str) -> datetime:
    ends = moment(until)
    if ends <= datetime.fromtimestamp(time.time(), UTC):
        raise BadInput(
            f"--until {until} is past, so nothing would be kept",
            cure="name a day that is still to come, or leave it out: it is kept until `kb unpin`",
        )
    return ends


def unpin(
    agent: Agent,
    generation: Number,
    holder: Holder = None,
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """End a pin. Exit 1 when there was none."""
    who = holder or f"person:{operator()}"
    with operators_ledger(workspace) as ledger:
        found = ledger.ways_back.numbered(known_agent(ledger, agent), generation)
        was_there = ledger.ways_back.unpin(found, who)
    if json:
        say_json({"agent_id": agent, "generation": generation, "unpinned": was_there})
    else:
        said = "is not kept for" if was_there else "was not kept for"
        console().print(f"generation {generation} {said} {escape(who)}")
    raise typer.Exit(0 if was_there else 1)
