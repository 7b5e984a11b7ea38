"""`kb doctor`: what is missing or wrong here, and the cure."""

import json as json_text
from typing import Annotated

import typer
from rich.console import Console

from kb.doctor.chat_models import chat_model_findings
from kb.doctor.findings import Finding
from kb.doctor.machine import machine_findings
from kb.doctor.reranker import reranker_findings
from kb.doctor.servers import server_findings
from kb.doctor.tool_servers import tool_server_findings
from kb.doctor.tools import tool_findings
from kb.settings import load_settings

SIGNS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "wrong": "[red]✗[/]"}


def doctor(
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Look at everything that the stack needs. Exit 1 when something is wrong."""
    settings = load_settings()
    found = [
        *machine_findings(settings),
        *tool_findings(settings),
        *reranker_findings(settings),
        *server_findings(settings),
        *tool_server_findings(settings),
        *chat_model_findings(),
    ]
    well = all(one.level != "wrong" for one in found)
    if json:
        shown = [one.as_json() for one in found]
        typer.echo(json_text.dumps({"ok": well, "findings": shown}, ensure_ascii=False))
    else:
        _show(found)
    raise typer.Exit(0 if well else 1)


def _show(found: list[Finding]) -> None:
    console = Console()
    for one in found:
        console.print(f"{SIGNS[one.level]} {one.about}: {one.says}", highlight=False)
        if one.cure:
            console.print(f"    → {one.cure}", style="dim", highlight=False)
