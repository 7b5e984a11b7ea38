"""`kb generations AGENT`: the versions of an agent's knowledge, and what was served when."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from kb.operator_access import operators_ledger
from kb.terminal import console, escape, say_json
from kb.writer_access import known_agent

_COLOURS = {"live": "green", "failed": "red", "staged": "yellow", "checked": "yellow"}
_COLUMNS = ("number", "state", "commit", "asked for by", "live since", "documents", "chunks",
            "checks", "colour", "why")  # fmt: skip
_MOVES_SHOWN = 10

History = dict[str, Any]


def generations(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the generations of an agent, newest first, with those of its former names."""
    with operators_ledger(workspace) as ledger:
        known_agent(ledger, agent)
        former = ledger.names.former(agent)
        names = [agent, *(str(one["former"]) for one in former)]
        renamed = ledger.names.successor(agent)
        history: History = {
            "agent_id": agent,
            "called_now": str(renamed["agent_id"]) if renamed else None,
            "former_names": former,
            "paused": ledger.incidents.paused(agent),
            "generations": ledger.ways_back.history(names, limit),
            "alias_moves": ledger.ways_back.moves(names),
            "pins": ledger.ways_back.pins(names),
        }
    if json:
        say_json(history)
    else:
        _show(history)


def _show(history: History) -> None:
    out, agent = console(), history["agent_id"]
    table = Table(title=agent, title_justify="left")
    for column in _COLUMNS:
        table.add_column(column)
    pins: Sequence[Mapping[str, Any]] = history["pins"]
    pinned = {(one["agent_id"], one["generation"]): str(one["holder"]) for one in pins}
    for one in history["generations"]:
        table.add_row(*_row(one, agent, pinned.get((one["agent_id"], one["number"]))))
    out.print(table)
    if history["called_now"]:
        out.print(f"its folder is called {escape(history['called_now'])} now")
    if history["paused"]:
        out.print(f"[yellow]paused[/yellow]: {escape(history['paused']['reason'])}")
    for move in history["alias_moves"][:_MOVES_SHOWN]:
        out.print(
            f"[dim]{move['moved_at']:%Y-%m-%d %H:%M}[/dim] {escape(move['moved_by'])}: "
            f"{escape(move['to_collection'] or 'served no more')}, {escape(move['reason'])}"
        )


def _row(one: Mapping[str, Any], agent: str, holder: str | None) -> list[str]:
    colour = _COLOURS.get(one["state"], "dim")
    passed = sum(1 for check in one["checks"].values() if check["passed"])
    name = "" if one["agent_id"] == agent else f" ({one['agent_id']})"
    why = [one["reason"] or ""]
    if one["pruned_at"]:
        why.append(f"only its history is kept since {one['pruned_at']:%Y-%m-%d}")
    if holder:
        why.append(f"pinned for {holder}")
    return [
        f"{one['number']}{name}",
        f"[{colour}]{one['state']}[/{colour}]",
        one["git_sha"][:10] + (" (uncommitted)" if one["uncommitted"] else ""),
        escape(" ".join(part for part in (one["trigger"], one["requested_by"]) if part) or "-"),
        f"{one['live_at']:%Y-%m-%d %H:%M}" if one["live_at"] else "-",
        str(one["documents"]),
        str(one["chunks"]),
        f"{passed}/{len(one['checks'])}",
        one["colour"] or "-",
        escape("; ".join(part for part in why if part)),
    ]
