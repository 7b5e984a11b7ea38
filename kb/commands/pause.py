"""`kb pause AGENT` and `kb resume AGENT`: whether anything may build an agent."""

from typing import TYPE_CHECKING, Annotated

import typer

from kb.operator_access import operator, operators_ledger
from kb.terminal import console, escape, say_json
from kb.writer_access import known_agent, writer_settings
from kb_contract.errors import BadInput
from kb_contract.identifiers import agent_id

if TYPE_CHECKING:
    from dagster_kb.resources.ledger import Ledger

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
        ledger.incidents.pause(_there(ledger, agent, workspace), reason.strip(), operator())
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
        held = ledger.incidents.paused(agent)
        ended = ledger.incidents.resume(agent if held else known_agent(ledger, agent), operator())
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


def _there(ledger: "Ledger", agent: str, workspace: str | None) -> str:
    """Return the agent's id where it was ever built or has a folder: one may wait before its first run.

    Git is asked of an unknown name only: it may be away, or on another host, when something must stop.
    """
    if agent in ledger.generations.known_agents():
        return agent
    from dagster_kb.described_parts import folder_of

    settings = writer_settings(workspace)
    folder = folder_of(settings)
    lies_there = not folder.remote and (settings.knowledge_dir / agent_id(agent)).is_dir()
    if lies_there or agent in folder.agents(folder.committed()):
        return agent
    return known_agent(ledger, agent)
