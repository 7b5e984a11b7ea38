"""`kb ingest`: folders become checked collections, through the same Dagster assets."""

import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from kb.chosen_agents import FolderOfAgents
from kb.terminal import console, progress_console, say_json
from kb.writer_access import open_dagster, require_parts, writer_settings
from kb_contract.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from dagster_kb.resources.ledger import Ledger
    from dagster_kb.settings import WriterSettings
    from kb.ingestion import Ingested, Retired


@dataclass(frozen=True)
class Work:
    """What one call of the command is to do."""

    agents: list[str]
    gone: list[str]
    """Agents whose folder is gone; looked for when everything is ingested."""
    head: str
    uncommitted: bool
    force: bool


@dataclass(frozen=True)
class Done:
    """What became of it."""

    runs: "list[Ingested]" = field(default_factory=list)
    retired: "list[Retired]" = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(one.ok for one in (*self.runs, *self.retired))


def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders in the knowledge folder.")
    ] = None,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="Only this agent.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Even when nothing changed.")] = False,
    uncommitted: Annotated[
        bool, typer.Option("--uncommitted", help="The files as they lie there, not the commit.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Bring agents to what git says now. Exit 1 when one of them did not get there."""
    settings = writer_settings(workspace)
    require_parts(settings, store=True)
    # Dagster takes seconds to import, so what does not answer is said before.
    from dagster_kb.definitions import ledger_of

    ledger = ledger_of(settings)
    work = _work(settings, ledger, paths or [], agent or [], force=force, uncommitted=uncommitted)
    done = _run(settings, ledger, work, quiet=json)
    ledger.database.close()
    if json:
        say_json({"ok": done.ok, "runs": [one.as_json() for one in done.runs],
                  "retired": [asdict(one) for one in done.retired]})  # fmt: skip
    else:
        _show(done, console())
    raise typer.Exit(0 if done.ok else 1)


def _work(
    settings: "WriterSettings", ledger: "Ledger", paths: list[Path], named: list[str],
    *, force: bool, uncommitted: bool,
) -> Work:  # fmt: skip
    from dagster_kb.resources.knowledge_folder import KnowledgeFolder
    from dagster_kb.retirement import gone_agents

    folder = KnowledgeFolder(settings.knowledge_dir)
    head = folder.head()
    trees = folder.agents(head)
    known = FolderOfAgents(
        settings.knowledge_dir, sorted(trees), folder.refused(head),
        [one.name for one in settings.knowledge_dir.iterdir() if one.is_dir()],
    )  # fmt: skip
    gone: list[str] = []
    if not (paths or named):
        gone = gone_agents(folder.path, trees, ledger.generations.all_live(), set())
    wanted = known.choose([str(one) for one in paths], named, uncommitted=uncommitted)
    if not wanted and not gone:
        raise BadInput(
            "there is no agent yet", where=str(settings.knowledge_dir),
            cure="make a folder of documents there, and commit it",
        )  # fmt: skip
    return Work(wanted, gone, head.sha, uncommitted, force)


def _run(settings: "WriterSettings", ledger: "Ledger", work: Work, *, quiet: bool) -> Done:
    from dagster_kb.definitions import build_definitions
    from kb.ingestion import Ingestion, Retirements, end_runs_of_dead_commands

    done = Done()
    with Bars(quiet=quiet or not sys.stderr.isatty()) as bars, open_dagster() as instance:
        end_runs_of_dead_commands(instance)
        definitions = build_definitions(settings, ledger=ledger, progress=bars.advance)
        ingestion = Ingestion(definitions, ledger, instance)
        for number, agent in enumerate(work.agents):
            bars.advance("agents", "", number, len(work.agents))
            done.runs.append(ingestion.run(agent, uncommitted=work.uncommitted, force=work.force))
        bars.advance("agents", "", len(work.agents), len(work.agents))
        for agent in work.gone:
            done.retired.append(Retirements(definitions, instance).run(agent, work.head))
    return done


class Bars:
    """One bar for each agent and each thing that is done for it."""

    def __init__(self, *, quiet: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self._bars = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            console=progress_console(), disable=quiet,
        )  # fmt: skip
        self._known: dict[str, Any] = {}

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def advance(self, agent: str, doing: str, done: int, total: int) -> None:
        name = f"{agent} {doing}".strip()
        if name not in self._known:
            self._known[name] = self._bars.add_task(name, total=total)
        self._bars.update(self._known[name], completed=done, total=total)


def _show(done: Done, out: "Console") -> None:
    if done.runs:
        out.print(_table(done.runs))
    for one in done.runs:
        _show_news(one, out)
    for one in done.retired:
        word = "[yellow]retired[/yellow]" if one.ok else "[red]not retired[/red]"
        why = escape(one.error) if one.error else "its folder is gone: it is no longer served"
        out.print(f"{word} {escape(one.agent)}: {why}")


def _table(runs: "list[Ingested]") -> "Table":
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
    for broken in one.quarantined:
        out.print(f"[yellow]quarantined[/yellow] {escape(broken['path'])}: "
                  f"{escape(broken['reason'])}")  # fmt: skip
    if one.withdrawn:
        out.print(f"[yellow]withdrawn[/yellow] {escape(one.agent)}: {escape(one.withdrawn)}")
    if one.ignored:
        named = ", ".join(one.ignored_files[:5]) + (", …" if one.ignored > 5 else "")
        out.print(f"[dim]ignored[/dim] {escape(one.agent)}: {one.ignored} that no reader takes: "
                  f"{escape(named)}")  # fmt: skip
    if one.error:
        out.print(f"[red]{escape(one.agent)}[/red]: {escape(one.error)}")
