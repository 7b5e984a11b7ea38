"""`kb agents`: the registry, and what each agent serves."""

from typing import Annotated

import typer
from rich.table import Table

from kb.terminal import console, say_json
from kb.writer_access import require_parts, writer_settings


def agents(
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List the agents: what they are for, and the generation that they answer from."""
    from dagster_kb.resources.ledger import open_ledger

    settings = writer_settings(workspace)
    require_parts(settings, store=False)
    ledger = open_ledger(settings.database_url.get_secret_value(), settings.workspace_id)
    live = ledger.generations.all_live()
    ledger.database.close()
    if json:
        kept = ("title", "purpose", "kind", "capabilities", "tags", "approval")
        say_json({"agents": [
            {"agent_id": one.agent_id, **{key: one.manifest.get(key) for key in kept},
             **one.model_dump(mode="json", include={
                 "number", "git_sha", "uncommitted", "documents", "chunks", "quarantined",
                 "collection", "colour", "live_at", "run_id", "dagster_run_id"})}
            for one in live]})  # fmt: skip
        return
    table = Table()
    table.add_column("agent", no_wrap=True)
    for column in ("title", "number", "commit", "documents", "chunks", "quarantined"):
        table.add_column(column)
    for one in live:
        table.add_row(
            one.agent_id, str(one.manifest.get("title", "")), str(one.number), one.git_sha[:10],
            str(one.documents), str(one.chunks), str(one.quarantined),
        )  # fmt: skip
    console().print(table if live else "No agent serves anything yet: run `kb ingest`.")
