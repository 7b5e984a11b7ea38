"""`kb cost`: what providers cost, by whom, and what is left of the budgets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table

from kb.server_access import server_client
from kb.terminal import console, escape, say_json


class By(StrEnum):
    """What the spend is told apart by."""

    AGENT = "agent"
    TYPE = "type"
    USER = "user"
    SESSION = "session"
    DAY = "day"
    MODEL = "model"


def cost(
    by: Annotated[By, typer.Option(help="What to tell the spend apart by.")] = By.AGENT,
    since: Annotated[
        datetime | None, typer.Option(help="From then on; else from the first of the month.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show spend, budgets and what the month will cost."""
    moment = since.replace(tzinfo=UTC).isoformat() if since else None
    said = server_client().costs(by=by.value, since=moment)
    if as_json:
        say_json(said)
        return
    out = console()
    out.print(_spend(said))
    if said["budgets"]:
        out.print(_budgets(said))
    if said["costly_questions"]:
        out.print(_questions(said))
    if said["caches"]:
        out.print(_caches(said))
    total, month = said["total"], said["projection"]
    out.print(f"{total['requests']} requests, ${total['cost']:.4f}{_estimated(total)}")
    if said["ingestion"]["requests"]:
        read = said["ingestion"]
        out.print(f"of it reading passages: {read['requests']} requests, ${read['cost']:.4f}")
    out.print(
        f"{month['month']}: ${month['spent']:.4f} so far, ${month['projected']:.4f} at this pace"
    )


def _estimated(total: Mapping[str, Any]) -> str:
    """Say what no provider said, and by how much it may be wrong."""
    if not total["estimated_cost"]:
        return ""
    spread = f" ±{total['estimated_spread']:.4f}" if total["estimated_spread"] else ""
    return f", of it estimated {total['estimated_cost']:.4f}{spread}"


def _spend(said: Mapping[str, Any]) -> Table:
    table = Table(said["by"], "requests", "failed", "tokens in", "tokens out", "dollars")
    for row in said["rows"]:
        numbers = (row["requests"], row["failed"], row["prompt_tokens"], row["completion_tokens"])
        table.add_row(escape(row["name"]), *(f"{one:,}" for one in numbers), f"{row['cost']:.4f}")
    return table


def _questions(said: Mapping[str, Any]) -> Table:
    table = Table("costly questions", "type", "requests", "dollars", "its passages' share")
    for one in said["costly_questions"][:5]:
        words = " ".join(str(one["question"]).split())[:80]
        table.add_row(escape(words), one["query_type"], str(one["requests"]), f"{one['cost']:.4f}",
                      f"{one['knowledge_cost']:.4f}")  # fmt: skip
    return table


def _caches(said: Mapping[str, Any]) -> Table:
    table = Table("cache", "hits", "misses", "knew", "holds", "saved dollars", "saved seconds")
    for one in said["caches"]:
        table.add_row(
            one["cache"],
            f"{one['hits']:,}",
            f"{one['misses']:,}",
            f"{one['hit_rate']:.0%}",
            f"{one['entries']:,}",
            f"{one['saved_cost']:.4f}",
            f"{one['saved_seconds']:.0f}",
        )
    return table


def _budgets(said: Mapping[str, Any]) -> Table:
    table = Table("budget", "of", "period", "spent", "held", "cap", "used", "when over")
    for one in said["budgets"]:
        table.add_row(
            one["budget"],
            escape(one["subject"] or one["scope"]),
            one["period"],
            f"{one['spent']:.4f}",
            f"{one['held']:.4f}",
            f"{one['cap']:g} {one['unit']}",
            f"{one['used']:.0%}",
            one["over"],
        )
    return table
