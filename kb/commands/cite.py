"""`kb cite verify`: read every quote of an answer again, from git at its commit."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from graph.citations.readable import visible
from kb.settings import StackSettings, find_addresses, load_settings
from kb.terminal import console, say_json
from kb_contract.errors import BadInput
from kb_contract.named_queries import named_queries

if TYPE_CHECKING:
    from rich.console import Console

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
    cited = _citations(database, settings.workspace_id, answer_id)
    found = [_checked(objects, texts, one) for one in cited]
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
            _show(one, console())
    if not all(one["found"] for one in found):
        raise typer.Exit(1)


def _show(found: dict[str, Any], to: "Console") -> None:
    """Print the place, and the passage as git has it with the quote marked."""
    page = f" page {found['page']}" if found.get("page") else ""
    place = f"{found['path']}@{found['sha'][:10]}:{found['start']}-{found['end']}{page}"
    mark = ("✓ ", "green") if found["found"] else ("✗ ", "red")
    to.print(Text.assemble(mark, visible(place)), soft_wrap=True)
    if found.get("reason"):
        to.print(Text(visible(found["reason"]), style="red"), soft_wrap=True)
    quote = (f"⟦{visible(found['quote'])}⟧", "reverse")
    before, after = visible(found.get("before", "")), visible(found.get("after", ""))
    to.print(Text.assemble(before, quote, after, "\n"), soft_wrap=True)


def _citations(database_url: str, workspace: str, answer_id: str) -> list[dict[str, Any]]:
    rows = _rows(database_url, "citations_of_answer", answer_id=answer_id, workspace=workspace)
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
            return _in_passage(citation, text)
        blob = objects.run("rev-parse", "--verify", place).decode("ascii").strip()
    except BadInput as error:
        return {**citation, "found": False, "reason": str(error)}
    found = next((one for one in drawn.of(blob) if _stands(citation, one)), None)
    return {**citation, "found": False} if found is None else _in_passage(citation, found)


def _stands(citation: dict[str, Any], text: str) -> bool:
    return text[citation["start"] : citation["end"]] == citation["quote"]


def _in_passage(citation: dict[str, Any], text: str) -> dict[str, Any]:
    """Add what its passage says before and after it; nothing where the ledger forgot the passage."""
    start, end = citation["start"], citation["end"]
    first, last = citation.get("passage") or (start, end)
    return {**citation, "found": True, "before": text[first:start], "after": text[end:last]}
