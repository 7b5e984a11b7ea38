"""`kb hotfix delete POINT_ID`: take a chunk out of everything, now (SOP-03)."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from kb.operator_access import operator
from kb.terminal import console, escape, say_json
from kb.writer_access import require_parts, writer_settings
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from dagster_kb.upkeep.hot_deletion import Deleted

hotfix = typer.Typer(no_args_is_help=True, add_completion=False)


@hotfix.callback()
def _verbs() -> None:
    """What cannot wait for git."""


@hotfix.command("delete")
def delete(
    point_id: Annotated[str, typer.Argument(help="Id of the point: a citation's chunk_id.")],
    reason: Annotated[str, typer.Option(help="Why; without what must not be read.")],
    agent: Annotated[str | None, typer.Option(help="Refuse it unless it is this agent's.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Delete a chunk wherever it is served or kept, and keep its words out until git changes."""
    if not reason.strip():
        raise BadInput("--reason is empty", cure="say why: it stands in the incident")
    settings = writer_settings(workspace)
    require_parts(settings, store=True)
    from dagster_kb.described_parts import ledger_of, store_of
    from dagster_kb.upkeep.hot_deletion import HotDeletion

    ledger = ledger_of(settings)
    done = HotDeletion(ledger, store_of(settings)).delete(
        point_id, reason=reason.strip(), by=operator(), agent=agent
    )
    ledger.database.close()
    if json:
        say_json({"ok": True, **asdict(done)})
    else:
        _show(done)


def _show(done: "Deleted") -> None:
    out = console()
    out.print(
        f"[green]deleted[/green] {len(done.chunk_ids)} chunk(s) of {done.agent} ({escape(done.path)})"
        f" from {', '.join(done.collections) or 'no collection'} and {done.generations} generation(s)"
    )
    if others := [one for one in done.names if one != done.agent]:
        out.print(f"also under its other names: {', '.join(others)}")
    out.print(f"purged from the ledger: {done.purged} text(s), {done.vectors} vector(s)")
    for one in done.also_in:
        out.print(
            f"[red]still served or kept[/red] by {one['agent_id']}: {escape(one['path'])} "
            f"→ kb hotfix delete {one['chunk_id']}"
        )
    for one in done.overlapping:
        out.print(f"[yellow]overlaps[/yellow] {escape(one['path'])} {one['chunk_id']}: look at it")
    for answer in done.answers:
        out.print(f"[yellow]quoted by[/yellow] answer {answer}")
    out.print(
        f"What is served now differs from git. Incident {done.incident} stays open until the words "
        f"are gone from {escape(done.path)}; {done.now} is [yellow]paused[/yellow]. Mend the "
        f"source and commit, then `kb resume {done.now}` and `kb ingest --agent {done.now}`."
    )
