"""`kb generations AGENT`: the versions of an agent's knowledge."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from kb.terminal import console, say_json
from kb.writer_access import known_agent, require_parts, writer_settings

_COLOURS = {"live": "green", "failed": "red", "staged": "yellow", "checked": "yellow"}


def generations(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the generations of an agent, newest first."""
    from dagster_kb.resources.ledger import open_ledger

    settings = writer_settings(workspace)
    require_parts(settings, store=False)
    ledger = open_ledger(settings.database_url.get_secret_value(), settings.workspace_id)
    found = ledger.generations.latest(known_agent(ledger, agent), limit)
    ledger.database.close()
    if json:
        say_json({"agent_id": agent, "generations": [one.model_dump(mode="json") for one in found]})
        return
    table = Table(title=agent, title_justify="left")
    for column in ("number", "state", "commit", "documents", "chunks", "checks", "colour", "why"):
        table.add_column(column)
    for one in found:
        colour = _COLOURS.get(one.state, "dim")
        passed = sum(1 for check in one.checks.values() if check["passed"])
        table.add_row(
            str(one.number), f"[{colour}]{one.state}[/{colour}]",
            one.git_sha[:10] + (" (uncommitted)" if one.uncommitted else ""),
            str(one.documents), str(one.chunks), f"{passed}/{len(one.checks)}", one.colour or "-",
            escape(one.reason or ""),
        )  # fmt: skip
    console().print(table)
