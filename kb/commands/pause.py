"""`kb pause AGENT` and `kb resume AGENT`: whether anything may build an agent."""

from typing import Annotated

import typer

from kb.operator_access import operator, operators_ledger
from kb.terminal import console, escape, say_json
from kb.writer_access import known_agent
from kb_contract.errors import BadInput

Agent = Annotated[str, typer.Argument(help="The agent's id.")]
Workspace = Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


def pause(
    agent: Agent,
    reason: Annotated[str, typer.Option(help="Why; whoever resumes reads it.")],
    workspace: Workspace = None,
    json: AsJson = False,
) -> None:
    """Let nothing build an agent: no sensor, schedule, webhook, approval or command."""
    if not reason.strip():
        raise BadInput("--reason is empty", cure="say why: whoever resumes it reads that")
    with operators_ledger(workspace) as ledger:
        ledger.incidents.pause(known_agent(ledger, agent), reason.strip(), operator())
        held = ledger.incidents.paused(agent)
    if json:
        say_json({"agent_id": agent, "paused": held})
    else:
        console().print(
            f"{agent} is [yellow]paused[/yellow]; what is live stays live. `kb resume {agent}`"
        )


def resume(agent: Agent, workspace: Workspace = None, json: AsJson = False) -> None:
    """Let an agent be built again; the next run brings it to what git says then."""
    with operators_ledger(workspace) as ledger:
        ended = ledger.incidents.resume(known_agent(ledger, agent), operator())
        waiting = ledger.incidents.listed(agent)
    if json:
        say_json({"agent_id": agent, "resumed": ended, "open_incidents": waiting})
        return
    if ended is None:
        console().print(f"{agent} was not paused.")
    else:
        console().print(f"{agent} may be built again; it was paused: {escape(ended['reason'])}")
    for one in waiting:
        console().print(
            f"  [yellow]incident {one['incident_id']}[/yellow] {escape(one['summary'])}"
        )
