"""`kb incidents`: what went wrong, and what a person has to do now."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from kb.operator_access import operator, operators_ledger
from kb.terminal import console, escape, say_json
from kb.writer_access import known_agent, writer_settings
from kb_contract.errors import BadInput

CLOSE = "close"


def incidents(
    agent: Annotated[
        str | None, typer.Argument(help="Only this agent's; or the word close.")
    ] = None,
    incident: Annotated[
        int | None, typer.Argument(help="After close: the incident's number.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    serve_the_rest: Annotated[
        bool,
        typer.Option(
            "--serve-the-rest",
            help="With close, of a deletion by hand: the private words are out of git, and what is "
            "left of the passage may be read.",
        ),
    ] = False,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List open incidents, newest first: `kb incidents [AGENT]`, `kb incidents close ID`."""
    if (agent == CLOSE) != (incident is not None) or (serve_the_rest and incident is None):
        raise BadInput("which incident?", cure="`kb incidents close ID`, with a number of the list")
    with operators_ledger(workspace) as ledger:
        if incident is not None:
            closed = ledger.incidents.close(incident, operator(), serve_the_rest=serve_the_rest)
            _say_closed(closed, as_json=json)
            return
        wanted = known_agent(ledger, agent) if agent else None
        found = _with_tickets(ledger.incidents.listed(wanted, open_only=not everything))
        paused = ledger.incidents.all_paused()
    if wanted:
        paused = {name: row for name, row in paused.items() if name == wanted}
    if json:
        say_json({"incidents": found, "paused": list(paused.values())})
        return
    for one in found:
        _show(one)
    for name, row in paused.items():
        console().print(f"[yellow]paused[/yellow] {name}: {escape(row['reason'])}")
    if not (found or paused):
        console().print("Nothing is open.")


def _with_tickets(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Say with each what a ticket of it would say, and where it is filled in."""
    from dagster_kb.incident_report import IncidentReport

    template = writer_settings().incident_url
    reports = [IncidentReport.of(one) for one in found]
    return [{**one, "ticket": {**vars(report), "link": report.link(template)}}
            for one, report in zip(found, reports, strict=True)]  # fmt: skip


def _say_closed(closed: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json({"incident": closed})
    else:
        console().print(
            f"incident {closed['incident_id']} is closed since {closed['closed_at']:%Y-%m-%d %H:%M} "
            f"by {escape(closed['closed_by'])}"
        )


def _show(one: Mapping[str, Any]) -> None:
    out = console()
    state = "[dim]closed[/dim]" if one["closed_at"] else "[red]open[/red]"
    out.print(
        f"[bold]{one['incident_id']}[/bold] {state} {escape(one['agent_id'])} "
        f"{escape(one['kind'])} {one['opened_at']:%Y-%m-%d %H:%M} by {escape(one['opened_by'])}"
    )
    out.print(f"   {escape(one['summary'])}")
    if answers := one["facts"].get("answers"):
        out.print(f"   quoted by answers: {escape(', '.join(answers))}")
    if not one["closed_at"]:
        out.print(f"   → {escape(one['next_step'])}")
        if link := one["ticket"]["link"]:
            out.print(f"   ticket: {escape(link)}", soft_wrap=True)
