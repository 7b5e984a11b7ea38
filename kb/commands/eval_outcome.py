"""What becomes of a measurement: kept, saved, compared, made a page of, and shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.commands.eval_shown import show_outcome
from kb.evaluation.comparison import Difference, above_floors, compare
from kb.evaluation.evaluation import Evaluation, Kind
from kb.evaluation.report.page import write_report
from kb.settings import find_addresses, load_settings
from kb.terminal import console, escape, progress_console, say_json
from kb_contract.errors import BadInput, NotServed

if TYPE_CHECKING:
    from kb.evaluation.history import EvaluationHistory


@dataclass(frozen=True)
class Wishes:
    """What the options of a measurement ask for."""

    save: Path | None = None
    baseline: Path | None = None
    report: Path | None = None
    verbose: bool = False
    as_json: bool = False

    def baseline_now(self, kind: Kind) -> Evaluation | None:
        """Read the baseline before anything is measured: a wrong file costs no minutes."""
        if self.baseline is None:
            return None
        found = Evaluation.read(self.baseline)
        if found.kind != kind:
            raise BadInput(
                f"this is a measurement of {found.kind}", where=str(self.baseline),
                cure=f"give one that `kb eval {kind} --save` wrote",
            )  # fmt: skip
        return found


@dataclass(frozen=True)
class Outcome:
    """What was found, what it is compared with, and where it is kept."""

    found: Evaluation
    before: Evaluation | None
    differences: Sequence[Difference]
    kept_as: int | None
    problem: str = ""
    """Why it cannot be compared with the baseline."""

    @property
    def ok(self) -> bool:
        return not self.problem and all(one.verdict != "worse" for one in self.differences)


def conclude(found: Evaluation, wishes: Wishes, baseline: Evaluation | None) -> Outcome:
    """Keep, save, compare, draw and tell."""
    if wishes.save:
        found.save(wishes.save)
    outcome = _compared(found, baseline)
    differences = outcome.differences
    if wishes.report:
        write_report(wishes.report, found, baseline, differences)
    if wishes.as_json:
        say_json(_as_json(outcome, verbose=wishes.verbose))
    else:
        show_outcome(outcome.found, outcome.differences, console(), verbose=wishes.verbose)
        if outcome.problem:
            console().print(f"[red]not compared[/red]: {escape(outcome.problem)}")
        for name, file in (("saved", wishes.save), ("report", wishes.report)):
            if file:
                console().print(f"{name}: {file}")
    return outcome


def _compared(found: Evaluation, baseline: Evaluation | None) -> Outcome:
    """Compare; what cannot be compared is told, and no figure is lost for it."""
    kept = _keep(found)
    try:
        differences = compare(found, baseline) if baseline else []
    except BadInput as error:
        return Outcome(found, baseline, [], kept, str(error))
    return Outcome(found, baseline, differences, kept)


def history() -> "EvaluationHistory | None":
    """Open the history of this machine's database; None where no stack runs and none is set."""
    from kb.evaluation.history import EvaluationHistory

    settings = load_settings()
    try:
        url = find_addresses(settings).database_url
    except NotServed:
        return None
    return EvaluationHistory(url, settings.workspace_id)


def needed_history() -> "EvaluationHistory":
    """Open the history, or say that there is none."""
    kept = history()
    if kept is None:
        find_addresses(load_settings())  # says why, and what to do
        raise NotServed("there is no database", cure="run `kb up`")
    return kept


def tell_dagster(outcome: Outcome) -> None:
    """Show what was found of an agent on the page of what it serves."""
    if outcome.kept_as is None or not outcome.found.agent:
        return
    from dagster_kb.definitions import build_definitions
    from dagster_kb.upkeep.evaluations import tell_evaluation
    from kb.writer_access import open_dagster, writer_settings

    definitions = build_definitions(writer_settings())
    with open_dagster() as instance:
        told = tell_evaluation(definitions, instance, outcome.kept_as)
    if not told:
        progress_console().print(
            "[yellow]not told to Dagster[/yellow]: its run tell_evaluation says why"
        )


def _keep(found: Evaluation) -> int | None:
    """Keep it beside the one before; a database that does not answer loses no measurement."""
    import psycopg

    kept = history()
    if kept is None:
        return None
    try:
        previous = kept.previous(found)
        alike = previous is not None and _shares_questions(found, previous)
        return kept.keep(found, compare(found, previous) if previous and alike else [])
    except psycopg.Error as error:
        said = " ".join(str(error).split())[:200]
        progress_console().print(f"[yellow]not kept in the history[/yellow]: {escape(said)}")
        return None


def _shares_questions(found: Evaluation, other: Evaluation) -> bool:
    ids = {str(one["id"]) for one in other.questions}
    return any(str(one["id"]) in ids for one in found.questions)


def _as_json(outcome: Outcome, *, verbose: bool) -> dict[str, Any]:
    said = dict(outcome.found.figures)
    if above := above_floors(outcome.found):
        said["above_floors"] = {one.figure: one.as_json() for one in above}
    if outcome.before is not None:
        told = {one.figure: one.as_json() for one in outcome.differences}
        said["baseline"] = {"error": outcome.problem} if outcome.problem else told
    if outcome.kept_as is not None:
        said["evaluation_id"] = outcome.kept_as
    if verbose:
        said["questions"] = outcome.found.questions
    return said
