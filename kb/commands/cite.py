"""`kb cite verify`: read every quote of an answer again, from git at its commit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.settings import StackSettings, find_addresses, load_settings
from kb.terminal import console, say_json
from kb_contract.errors import BadInput
from kb_contract.named_queries import named_queries

if TYPE_CHECKING:
    from dagster_kb.resources.git_objects import GitObjects

cite = typer.Typer(no_args_is_help=True, add_completion=False)


@cite.callback()
def _verbs() -> None:
    """Citations of stored answers."""


@cite.command("verify")
def verify(
    answer_id: Annotated[str, typer.Argument(help="As `kb ask --json` gives it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Read every quote again at its commit; of a PDF, what was drawn out of those very bytes."""
    settings = load_settings()
    objects = _repository(settings)
    database = find_addresses(settings).database_url
    texts = DrawnOut(database)
    found = [_checked(objects, texts, one) for one in _citations(database, answer_id)]
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
    rows = _rows(database_url, "citations_of_answer", answer_id=answer_id)
    if not rows:
        raise BadInput(
            f"no citations of {answer_id!r} are kept", cure="take answer_id from `kb ask --json`"
        )
    return rows


def _rows(database_url: str, name: str, **values: str) -> list[dict[str, Any]]:
    import psycopg
    from psycopg.rows import dict_row

    with psycopg.connect(database_url) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return cursor.execute(named_queries("citations")[name].encode(), values).fetchall()


@dataclass(frozen=True)
class DrawnOut:
    """Texts of files that are no text themselves (PDF, DOCX), by git's name for their bytes."""

    database_url: str

    def of(self, blob: str) -> list[str]:
        found = _rows(self.database_url, "drawn_out_texts", blob=blob)
        return [row["extracted_text"] for row in found]


def _repository(settings: StackSettings) -> "GitObjects":
    """Where the writer reads: the repository of the local folder, or the mirror of one elsewhere."""
    from dagster_kb.resources.git_objects import GitObjects, repository_root
    from dagster_kb.resources.remote_repository import RemoteRepository, mirrors_in

    if settings.knowledge_repository:
        mirrors = mirrors_in(settings.home)
        return RemoteRepository(settings.knowledge_repository, "", mirrors).objects
    return GitObjects(repository_root(settings.knowledge_dir.expanduser().resolve()))


def _checked(objects: "GitObjects", drawn: DrawnOut, citation: dict[str, Any]) -> dict[str, Any]:
    place = f"{citation['sha']}:{citation['path']}"
    try:
        text = objects.run("show", place).decode("utf-8", errors="replace")
        if _stands(citation, text):
            return {**citation, "found": True}
        blob = objects.run("rev-parse", "--verify", place).decode("ascii").strip()
    except BadInput as error:
        return {**citation, "found": False, "reason": str(error)}
    return {**citation, "found": any(_stands(citation, one) for one in drawn.of(blob))}


def _stands(citation: dict[str, Any], text: str) -> bool:
    return text[citation["start"] : citation["end"]] == citation["quote"]
