"""`kb retention`: delete what nobody can go back to any more and what is over its age, or say what that is."""

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kb.terminal import console, escape, say_json
from kb.writer_access import require_parts, writer_settings

if TYPE_CHECKING:
    from dagster_kb.upkeep.retention import Went
    from graph.server.retention import Aged


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Prune old generations and all that only they used, and what the server keeps for so many days."""
    settings = writer_settings(workspace)
    require_parts(settings, store=True)
    from dagster_kb.described_parts import folder_of, ledger_of, store_of
    from dagster_kb.upkeep.retention import retention_of

    ledger = ledger_of(settings)
    work = retention_of(settings, ledger, store_of(settings), folder_of(settings))
    went = work.look() if dry_run else work.run()
    ledger.database.close()
    aged = asyncio.run(_aged(settings.workspace_id, dry_run=dry_run))
    if json:
        say_json({"dry_run": dry_run, **went.as_json(), "server": [asdict(one) for one in aged]})
    else:
        _show(went, dry_run=dry_run)
        _show_aged(aged, dry_run=dry_run)


async def _aged(workspace: str, *, dry_run: bool) -> "list[Aged]":
    """What is over its age among what the server keeps; unless it is only looked at, it goes."""
    from graph.server.database import Database, server_pool
    from graph.server.retention import retention_of
    from kb.reader_process import reader_settings

    settings = reader_settings()
    async with server_pool(settings.database_url, largest=1) as pool:
        work = retention_of(settings, Database(pool, workspace))
        found = await work.look()
        if not dry_run:
            await work.run()
    return found


def _show_aged(aged: "list[Aged]", *, dry_run: bool) -> None:
    out = console()
    for one in aged:
        kept = f"{one.days} days" if one.days else "for ever"
        by = f" ({one.setting})" if one.setting else ""
        gone = f", {one.over_age} {'would go' if dry_run else 'went'}" if one.days else ""
        out.print(f"  {one.store.replace('_', ' ')}: kept {kept}{by}{gone}")


def _show(went: "Went", *, dry_run: bool) -> None:
    out = console()
    numbers = sum(len(one) for one in went.generations.values())
    out.print(
        f"{'would go' if dry_run else 'went'}: {numbers} generations, {went.documents} documents, "
        f"{went.chunks} chunks, {went.embeddings} vectors, {went.runs} runs, {went.trees} trees, "
        f"about {went.bytes / 1e6:.1f} MB"
    )
    for agent, found in went.generations.items():
        out.print(f"  {escape(agent)}: {', '.join(str(one) for one in found)}")
    for agent in went.dropped_agents:
        out.print(f"  collections of {escape(agent)}: its folder is gone")
    if went.waits_for:
        out.print(f"[yellow]documents and vectors wait[/yellow] for {', '.join(went.waits_for)}")
