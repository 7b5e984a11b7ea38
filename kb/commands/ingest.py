"""`kb ingest`: folders become checked collections, through the same Dagster assets."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import psutil
import typer

from kb.commands.ingest_plan import Asked, Work, leaving, plan_work, refuse_paused
from kb.commands.ingest_shown import Bars, estimate_lines, show_runs
from kb.settings import load_settings
from kb.terminal import console, escape, progress_console, say_json
from kb.writer_access import open_dagster, require_parts, writer_settings

if TYPE_CHECKING:
    import dagster as dg

    from dagster_kb.extraction.estimate import ExtractionEstimate
    from dagster_kb.intake.estimates import Estimate, Estimator
    from dagster_kb.resources.embedder import Embedder
    from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
    from dagster_kb.resources.ledger import Ledger
    from dagster_kb.settings import WriterSettings
    from kb.ingestion import Ingested, Ingestion, Retired, Retirements

# What a shell says of a command that Ctrl-C ended.
_CTRL_C: Final = 130
_STDERR: Final = 2


@dataclass(frozen=True)
class Done:
    """What became of it."""

    runs: "list[Ingested]" = field(default_factory=list)
    retired: "list[Retired]" = field(default_factory=list)
    notes: list[str] = field(default_factory=list[str])
    """What was left alone, and why."""

    @property
    def ok(self) -> bool:
        return all(one.ok for one in (*self.runs, *self.retired))


@dataclass(frozen=True)
class Parts:
    """What the command works with."""

    settings: "WriterSettings"
    folder: "KnowledgeFolder"
    ledger: "Ledger"
    embedder: "Embedder"
    quiet: bool

    @classmethod
    def of(cls, settings: "WriterSettings", *, quiet: bool) -> "Parts":
        from dagster_kb.described_parts import embedder_of, folder_of, ledger_of

        ledger = ledger_of(settings)
        embedder = embedder_of(settings, ledger.database)
        return cls(settings, folder_of(settings), ledger, embedder, quiet)

    def serve_again(self, paused: list[str]) -> list[str]:
        """Make again what Qdrant lost of paused agents, where no run comes by; say of which it was not."""
        from dagster_kb.described_parts import store_of
        from dagster_kb.publishing.made_again import NotMended, serve_paused_again

        left: list[str] = []
        for one in serve_paused_again(self.ledger, store_of(self.settings), paused):
            if isinstance(one, NotMended):
                left.append(f"what {one.agent} served is not made again: {one.said}")
            else:
                said = f"{one.agent} is paused, and was not served right: {one.action} "
                progress_console().print(f"{escape(said)}({one.collection})", highlight=False)
        return left

    def estimator(self) -> "Estimator":
        from dagster_kb.described_parts import way_of
        from dagster_kb.intake.estimates import Estimator
        from dagster_kb.intake.parsing_children import ParsingChildren

        way = way_of(self.settings, self.embedder)
        return Estimator(self.folder, self.ledger, way, ParsingChildren(self.embedder))


def ingest(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Agents, or files or folders of them.")
    ] = None,
    agent: Annotated[list[str] | None, typer.Option("--agent", help="Only this agent.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Even when nothing changed.")] = False,
    uncommitted: Annotated[
        bool, typer.Option("--uncommitted", help="The files as they lie there, not the commit.")
    ] = False,
    retire: Annotated[
        bool, typer.Option("--retire", help="End agents without a folder, however many they are.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Say what it would be, and do nothing.")
    ] = False,
    extract: Annotated[
        bool, typer.Option("--extract", help="Read passages, also where agent.yaml leaves it off.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask neither before a long run nor for what it costs.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Bring agents to what git says now. Exit 1 when one of them did not get there."""
    settings = writer_settings(workspace)
    # Dagster takes seconds to import, so what does not answer is said before.
    require_parts(settings, store=not estimate)
    parts = Parts.of(settings, quiet=json)
    asked = Asked(paths or [], agent or [], uncommitted, force, retire, extract, yes)
    work = _planned(parts, asked, estimates=estimate)
    if estimate:
        _say_estimate(_estimated(parts, work, always=True), _forecast(parts, work), as_json=json)
        return
    _ask_before_long(_estimated(parts, work, always=False), parts, yes=yes)
    done = _run(parts, work)
    parts.ledger.database.close()
    if json:
        say_json({"ok": done.ok, "runs": [one.as_json() for one in done.runs],
                  "retired": [asdict(one) for one in done.retired], "notes": done.notes})  # fmt: skip
    else:
        show_runs(done.runs, done.retired, console())
        for one in done.notes:
            console().print(f"[yellow]left alone[/yellow] {escape(one)}")
    raise typer.Exit(0 if done.ok else 1)


def _planned(parts: Parts, asked: Asked, *, estimates: bool) -> Work:
    """Plan; where nothing will be built, what is served is looked at all the same."""
    work = plan_work(parts.settings, parts.folder, parts.ledger, asked)
    left = [] if estimates else parts.serve_again(work.paused)
    refuse_paused(parts.ledger, work, left)
    return replace(work, notes=[*work.notes, *left])


def _estimated(parts: Parts, work: Work, *, always: bool) -> "Estimate | None":
    """Estimate; what is unchanged or small is over sooner than it could be measured."""
    asked, folder = work.asked, parts.folder
    live = {one.agent_id: one.tree_sha for one in parts.ledger.generations.all_live()}
    trees = folder.agents(work.head)
    whole = always or asked.force or asked.uncommitted
    agents = [one for one in work.agents if whole or live.get(one) != trees.get(one)]
    if not agents and not always:
        return None
    estimator = parts.estimator()
    look = estimator.look({one: _looked_at(folder, work, one) for one in agents})
    return estimator.estimate(look, len(agents)) if always or not look.is_small else None


def _forecast(parts: Parts, work: Work) -> "dict[str, ExtractionEstimate]":
    """What extraction would cost, for each agent that is read."""
    from dagster_kb.described_parts import extraction_of
    from dagster_kb.extraction.forecast import Forecast

    folder, asked = parts.folder, work.asked
    desk = extraction_of(parts.settings, parts.ledger.database)
    forecast = Forecast(folder, parts.ledger, desk, parts.estimator(), always=asked.extract)
    found = {one: forecast.of(one, _looked_at(folder, work, one)) for one in work.agents}
    return {agent: said for agent, said in found.items() if said}


def _looked_at(folder: "KnowledgeFolder", work: Work, agent: str) -> "Revision":
    return folder.uncommitted(agent, keep=False) if work.asked.uncommitted else work.head


def _say_estimate(
    found: "Estimate | None", extraction: "dict[str, ExtractionEstimate]", *, as_json: bool
) -> None:
    if found is None:
        return
    if as_json:
        money = found.money
        if money is not None:
            money = round(money + sum(one.dollars for one in extraction.values()), 6)
        said = {**asdict(found), "minutes": round(found.minutes, 2), "money": money}
        read = [{"agent": agent, **asdict(one)} for agent, one in extraction.items()]
        say_json({"estimate": {**said, "extraction": read}})
        return
    lines = [f"{agent}: {one.said} to read out" for agent, one in extraction.items()]
    console().print("\n".join([*estimate_lines(found), *lines]), highlight=False)


def _ask_before_long(found: "Estimate | None", parts: Parts, *, yes: bool) -> None:
    limit, most = load_settings().ingest_ask_minutes, parts.settings.extraction_ask_above
    if found is None or (found.minutes <= limit and (found.money or 0.0) <= most):
        return
    out = progress_console()
    out.print("\n".join(estimate_lines(found)), highlight=False)
    if yes:
        return
    if parts.quiet or not (sys.stdin.isatty() and sys.stderr.isatty()):
        out.print(
            f"that is more than INGEST_ASK_MINUTES={limit:g} or EXTRACTION_ASK_ABOVE={most:g}; "
            "nobody to ask here, so it goes on"
        )
    elif not typer.confirm("Go on?", default=True, err=True):
        raise typer.Exit(1)


def _run(parts: Parts, work: Work) -> Done:
    from dagster_kb.definitions import build_definitions
    from dagster_kb.intake.parsing_children import ParsingChildren
    from dagster_kb.resources.command_life import alive
    from kb.command_runs import end_runs_of_dead_commands, this_command
    from kb.ingestion import Ingestion, Retirements

    done, asked = Done(), work.asked
    quiet = parts.quiet or not sys.stderr.isatty()
    parsing = ParsingChildren(parts.embedder, stays=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it ends as Ctrl-C ends it
    terminal = os.dup(_STDERR)  # runs lead it to files of theirs
    lives = alive(parts.ledger.database, this_command())
    with Bars(quiet=quiet) as bars, open_dagster() as instance, closing(parsing), lives:
        end_runs_of_dead_commands(instance, parts.ledger.database)
        more: dict[str, Any] = {
            "ledger": parts.ledger, "embedder": parts.embedder, "parsing": parsing
        }  # fmt: skip
        definitions = build_definitions(parts.settings, progress=bars.advance, **more)
        ingestion = Ingestion(definitions, parts.ledger, instance, asked.extract, asked.yes)
        bars.advance("agents", "", 0, len(work.agents))
        try:
            for ran in _ingested(ingestion, parts, work, bars):
                done.runs.append(ran)
                bars.advance("agents", "", len(done.runs), len(work.agents))
        except KeyboardInterrupt:
            os.dup2(terminal, _STDERR)
            bars.stop()
            _end_at_once(instance)
        _end_what_is_gone(parts, work, Retirements(definitions, instance), done)
    os.close(terminal)
    return done


def _end_what_is_gone(parts: Parts, work: Work, retirements: "Retirements", done: Done) -> None:
    """Look only now: a folder that was renamed ends when its new name is served."""
    gone, waits = leaving(parts.settings, parts.folder, parts.ledger, work.asked, work.head)
    done.retired.extend(retirements.run(agent, work.head.sha) for agent in gone)
    done.notes.extend([*work.notes, *waits])


def _end_at_once(instance: "dg.DagsterInstance") -> NoReturn:
    """Threads take no Ctrl-C: this is `kill -9`, but that Dagster knows of it; the next command goes on."""
    from kb.command_runs import cancel_own_runs

    sys.stderr.write("stopped; what was embedded is kept, and `kb ingest` goes on from there\n")
    sys.stderr.flush()
    try:
        cancel_own_runs(instance)
    finally:  # also when Dagster's storage does not answer, and somebody is tired of waiting
        for one in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        os._exit(_CTRL_C)


def _ingested(
    ingestion: "Ingestion", parts: Parts, work: Work, bars: Bars
) -> "Generator[Ingested]":
    """Each agent in turn, two at a time; a person is asked where a run waits for a word."""
    asked = work.asked

    def run(agent: str) -> "Ingested":
        return ingestion.run(
            agent, uncommitted=asked.uncommitted, force=asked.force,
            named=work.named_of(parts.folder, agent),
        )  # fmt: skip

    with closing(ingestion.side_by_side(run, work.agents)) as runs:
        for agent, ran in zip(work.agents, runs, strict=True):
            if ran.waits_for_a_word and bars.ask(ran.waits_for_a_word):
                yield replace(ingestion, approved=True).run(
                    agent, uncommitted=asked.uncommitted, force=False,
                    named=work.named_of(parts.folder, agent),
                )  # fmt: skip
            else:
                yield ran
