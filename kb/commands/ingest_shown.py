"""What `kb ingest` shows: bars while it works, a table, and what a person must know."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from kb.terminal import escape, progress_console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dagster_kb.intake.estimates import Estimate
    from kb.ingestion import Ingested, Retired


# Documents whose notes are shown; a person reads no more of them.
_NOTED = 20


class Bars:
    """One bar for each agent and each thing that is done for it."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            console=progress_console(), disable=quiet,
        )  # fmt: skip
        self._known: dict[str, Any] = {}
        self._quiet = quiet

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Show no more, and give the terminal its cursor back."""
        self._bars.stop()

    def ask(self, why: str) -> bool:
        """Ask a person, where there is one, whether to go on; the bars wait."""
        if self._quiet or not sys.stdin.isatty():
            return False
        self._bars.stop()
        agreed = typer.confirm(f"{why}\nGo on?", default=False, err=True)
        self._bars.start()
        return agreed

    def advance(self, agent: str, doing: str, done: int, total: int) -> None:
        name = f"{agent} {doing}".strip()
        if name not in self._known:
            self._known[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._known[name], completed=done, total=total)


def estimate_lines(found: "Estimate") -> list[str]:
    """Say an estimate in words."""
    from dagster_kb.embedding.forecast import money_said

    pace = f"{found.texts_per_second:g} texts/s, from {found.pace_from}"
    return [
        f"{found.documents:,} documents of {found.agents} agents, {found.documents_to_read:,} to read",
        f"about {found.chunks:,} chunks with {found.tokens:,} tokens",
        f"{found.texts_in_store:,} texts have their vectors already, "
        f"about {found.texts_to_embed:,} are to be embedded",
        f"about {found.minutes:.1f} minutes ({pace}); embedding costs {money_said(found.money)}",
    ]


def show_runs(runs: "Sequence[Ingested]", retired: "Sequence[Retired]", out: "Console") -> None:
    """Show what became of each agent."""
    if runs:
        out.print(_table(runs))
    for one in runs:
        _show_news(one, out)
    for one in retired:
        word = "[yellow]retired[/yellow]" if one.ok else "[red]not retired[/red]"
        why = escape(one.error) if one.error else "its folder is gone: it is no longer served"
        out.print(f"{word} {escape(one.agent)}: {why}")


def _table(runs: "Sequence[Ingested]") -> "Table":
    from rich.table import Table

    table = Table()
    for column in ("agent", "status", "number", "documents", "chunks", "done", "errors"):
        table.add_column(column, no_wrap=True)
    table.add_column("run", overflow="fold")
    for one in runs:
        colour = {"DONE": "green", "DONE_WITH_ERRORS": "yellow"}.get(one.status, "red")
        news = " (unchanged)" if one.how == "unchanged" else ""
        table.add_row(
            one.agent, f"[{colour}]{one.status}[/{colour}]{news}", str(one.generation or "-"),
            str(one.documents), str(one.chunks), str(one.done), str(one.errors), one.run_id or "-",
        )  # fmt: skip
    return table


def _show_news(one: "Ingested", out: "Console") -> None:
    for named in one.named:
        out.print(f"{escape(named['path'])}: document {named['document_id'] or '-'}, "
                  f"{named['status']}, {named['chunks']} chunks")  # fmt: skip
    for broken in one.quarantined:
        out.print(f"[yellow]quarantined[/yellow] {escape(broken['path'])}: "
                  f"{escape(broken['reason'])}")  # fmt: skip
    show_notes(one.noted[:_NOTED], one.with_notes, out)
    if one.withdrawn:
        out.print(f"[yellow]withdrawn[/yellow] {escape(one.agent)}: {escape(one.withdrawn)}")
    if one.ignored:
        named_files = ", ".join(one.ignored_files[:5]) + (", …" if one.ignored > 5 else "")
        out.print(f"[dim]ignored[/dim] {escape(one.agent)}: {one.ignored} that no reader takes: "
                  f"{escape(named_files)}")  # fmt: skip
    if one.extraction:
        _show_extraction(one.agent, one.extraction, out)
    if one.error:
        out.print(f"[red]{escape(one.agent)}[/red]: {escape(one.error)}")


def show_notes(noted: "Sequence[Mapping[str, Any]]", of_all: int, out: "Console") -> None:
    """Say of which documents not all is served, and why."""
    for document in noted:
        said = "; ".join(document["notes"])
        out.print(f"[cyan]note[/cyan] {escape(document['path'])}: {escape(said)}")
    if of_all > len(noted):
        out.print(f"[cyan]note[/cyan] … and of {of_all - len(noted):,} more documents: "
                  "`kb inspect --run RUN --limit 1000`")  # fmt: skip


def _show_extraction(agent: str, told: "Mapping[str, Any]", out: "Console") -> None:
    if told.get("extracted") or told.get("invalid") or told.get("errors"):
        out.print(f"[dim]read out[/dim] {escape(agent)}: {told['extracted']} passages by {told['model']} for "
                  f"${told['cost']:.4f}, {told['reused']} known, {told['invalid']} of no use, "
                  f"{told['errors']} without an answer")  # fmt: skip
    if told["held_back"]:
        out.print(f"[yellow]held back[/yellow] {escape(agent)}: {escape(told['held_back'])}")
