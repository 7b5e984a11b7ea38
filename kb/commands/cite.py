"""`kb cite verify`: read every quote of an answer again, from git at its commit."""

import subprocess
from pathlib import Path
from typing import Annotated, Any

import typer

from kb.settings import find_addresses, load_settings
from kb.terminal import console, say_json
from kb_contract.errors import BadInput
from kb_contract.named_queries import named_queries

cite = typer.Typer(no_args_is_help=True, add_completion=False)


@cite.callback()
def _verbs() -> None:
    """Citations of stored answers."""


@cite.command("verify")
def verify(
    answer_id: Annotated[str, typer.Argument(help="As `kb ask --json` gives it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Read every quote again with `git show <sha>:<path>`."""
    settings = load_settings()
    folder = settings.knowledge_dir.expanduser().resolve()
    found = [
        _checked(folder, one)
        for one in _citations(find_addresses(settings).database_url, answer_id)
    ]
    if as_json:
        say_json(
            {
                "answer_id": answer_id,
                "citations": found,
                "verified": all(one["found"] for one in found),
            }
        )
    else:
        for one in found:
            mark = "[green]✓[/green]" if one["found"] else "[red]✗[/red]"
            console().print(f"{mark} {one['path']}@{one['sha'][:10]}:{one['start']}-{one['end']}")
    if not all(one["found"] for one in found):
        raise typer.Exit(1)


def _citations(database_url: str, answer_id: str) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(database_url) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        query = named_queries("citations")["citations_of_answer"].encode()
        rows = cursor.execute(query, {"answer_id": answer_id}).fetchall()
    if not rows:
        raise BadInput(
            f"no citations of {answer_id!r} are kept", cure="take answer_id from `kb ask --json`"
        )
    return rows


def _checked(folder: Path, citation: dict[str, Any]) -> dict[str, Any]:
    shown = subprocess.run(
        ["git", "-c", "safe.directory=*", "-C", str(folder), "show", f"{citation['sha']}:{citation['path']}"],
        capture_output=True, check=False,
    )  # fmt: skip
    text = shown.stdout.decode("utf-8", errors="replace")
    same = shown.returncode == 0 and text[citation["start"] : citation["end"]] == citation["quote"]
    return {**citation, "found": same}
