"""`kb eval`: how good the reader is at labelled questions."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kb.evaluation.json_lines import labelled_rows
from kb.terminal import console, say_json

if TYPE_CHECKING:
    from kb.commands.eval_outcome import Outcome

Save = Annotated[Path | None, typer.Option(help="Write it here, to compare with later.")]
Baseline = Annotated[
    Path | None,
    typer.Option(
        help="Compare with what --save wrote. Exit 1 when it is worse.", exists=True, dir_okay=False
    ),
]
Report = Annotated[Path | None, typer.Option(help="Write a page (HTML) with plots here.")]
Verbose = Annotated[bool, typer.Option(help="Also what came of every question.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]

Tier = Literal["cheap", "standard", "strong"]

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def _measures() -> None:
    """Measure on labelled questions; see docs/evaluation.md for their formats."""


@app.command("classify")
def classify(
    data: Annotated[
        Path,
        typer.Option(
            help="JSON lines: text, label, and perhaps also_ok.", exists=True, dir_okay=False
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Classify labelled questions here, with no provider, and say how often that is right."""
    from graph.classification.trained import TrainedClassifier
    from graph.planning.evaluation import LabelledQuestion, classification_figures
    from kb.commands.eval_shown import classes_table

    classifier = TrainedClassifier()
    rows = [LabelledQuestion.of(row) for row in labelled_rows(data, {"text", "label"})]
    figures = classification_figures([(one, classifier.local(one.text)) for one in rows])
    if as_json:
        say_json(figures)
    else:
        out = console()
        out.print(
            f"accuracy {figures['accuracy']:.1%} of {figures['n']}, "
            f"calibration error {figures['calibration_error']:.3f}"
        )
        out.print(classes_table(figures))


@app.command("plan")
def plan(
    data: Annotated[
        Path,
        typer.Option(help="JSON lines: query, shape, capabilities, …", exists=True, dir_okay=False),
    ],
    registry: Annotated[
        Path | None,
        typer.Option(
            help="Agents as JSON; else one generic agent per capability.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option(help="List what was wrong, missed approvals first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Plan labelled questions here, and say how often shape, agents, order and approval are right."""
    from kb.commands.eval_plan import measured

    rows = labelled_rows(data, {"query", "shape", "capabilities", "needs_approval"})
    figures, wrong = measured(rows, registry)
    if as_json:
        say_json({**figures, **({"wrong": wrong} if verbose else {})})
        return
    out = console()
    for name, one in {"": figures, **figures["by_style"]}.items():
        shares = [f"{of} {one[of]:.1%}" for of in one if isinstance(one[of], float)]
        out.print(name.ljust(12), "  ".join(shares), f" n {one['n']}")
    missed, needless = figures["missed_approvals"], figures["needless_approvals"]
    out.print(f"approvals missed {missed}, needless {needless}")
    for one in wrong if verbose else ():
        out.print(
            f"{one['what']}: {one['query']}\n   wanted {one['wanted']}, got {one['got']}",
            markup=False,
        )


@app.command("retrieval")
def retrieval(
    data: Annotated[
        Path,
        typer.Option(
            help="Folder with corpus.jsonl or pdfs/, queries, qrels.", exists=True, file_okay=False
        ),
    ],
    half: Annotated[str, typer.Option(help="Asks queries.<half>.jsonl.")] = "dev",
    agent_yaml: Annotated[
        Path | None,
        typer.Option(
            help="How the agent cuts and searches; else as by default.", exists=True, dir_okay=False
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder for what was ingested: the next run embeds only what is new."),
    ] = None,
    refusals: Annotated[
        bool, typer.Option(help="Ask the agent too, for what it refuses to answer.")
    ] = True,
    floors: Annotated[
        bool, typer.Option("--floors", help="Measure plain searches of the same collection too.")
    ] = False,
    save: Save = None,
    baseline: Baseline = None,
    report: Report = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Ingest a labelled corpus into a throw-away agent, and say how well questions find in it."""
    from kb.commands.eval_outcome import Wishes, conclude
    from kb.commands.eval_retrieval import measured

    wishes = Wishes(save, baseline, report, verbose, as_json)
    before = wishes.baseline_now("retrieval")
    found = measured(data, half, agent_yaml, keep, refusals=refusals, floors=floors, quiet=as_json)
    _leave(conclude(found, wishes, before))


@app.command("answers")
def answers(
    data: Annotated[
        Path,
        typer.Option(
            help="Questions with passages or a refusal: JSON lines.", exists=True, dir_okay=False
        ),
    ],
    agent: Annotated[
        str | None, typer.Option(help="Ask this agent; else whom the plan asks.")
    ] = None,
    save: Save = None,
    baseline: Baseline = None,
    report: Report = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Ask the stack that runs: what is found, cited, verified in git, and refused."""
    from kb.commands.eval_answers import measured_answers
    from kb.commands.eval_outcome import Wishes, conclude, tell_dagster

    wishes = Wishes(save, baseline, report, verbose, as_json)
    before = wishes.baseline_now("answers")
    outcome = conclude(measured_answers(data, agent, quiet=as_json), wishes, before)
    tell_dagster(outcome)
    _leave(outcome)


@app.command("citations")
def citations(
    agent: Annotated[str | None, typer.Option(help="Only what this agent is quoted for.")] = None,
    last: Annotated[int, typer.Option(min=1, help="So many of the newest answers.")] = 1000,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder of labelled quotes: measure the check itself.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    save: Save = None,
    baseline: Baseline = None,
    report: Report = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Read the quotes of kept answers again, from git. Exit 1 when one does not stand there.

    With --data, labelled quotes, true and false, are checked instead. Exit 1 when a false one passes.
    """
    from kb.commands.eval_answers import measured_citations
    from kb.commands.eval_outcome import Wishes, conclude, needed_history
    from kb.commands.eval_quotes import measured_quotes

    if data is not None:
        if any((agent, save, baseline, report)):
            raise typer.BadParameter("--data goes with --verbose and --json only")
        if measured_quotes(data, verbose=verbose, as_json=as_json)["false_found"]:
            raise typer.Exit(1)
        return
    wishes = Wishes(save, baseline, report, verbose, as_json)
    before = wishes.baseline_now("citations")
    outcome = conclude(measured_citations(agent, last, needed_history()), wishes, before)
    if outcome.found.figures["not_verified"]:
        raise typer.Exit(1)


@app.command("extraction")
def extraction(
    data: Annotated[
        Path,
        typer.Option(help="JSON lines: passage, entities, says, …", exists=True, dir_okay=False),
    ],
    prompt: Annotated[
        str, typer.Option(help="A version that there is, or a file NAME.md of one to be.")
    ] = "chunk_extract_v1",
    tier: Annotated[Tier, typer.Option(help="Of LLM_PROFILE.")] = "cheap",
    yes: Annotated[bool, typer.Option("--yes", help="Agree to what it costs.")] = False,
    save: Save = None,
    baseline: Baseline = None,
    report: Report = None,
    verbose: Verbose = False,
    as_json: AsJson = False,
) -> None:
    """Read labelled passages out with a prompt, and say how much of it is of use, and right."""
    from kb.commands.eval_extraction import measured_extraction
    from kb.commands.eval_outcome import Wishes, conclude

    wishes = Wishes(save, baseline, report, verbose, as_json)
    before = wishes.baseline_now("extraction")
    found = measured_extraction(data, prompt, tier, yes=yes, quiet=as_json)
    _leave(conclude(found, wishes, before))


@app.command("history")
def history(
    agent: Annotated[str | None, typer.Option(help="Only of this agent.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="retrieval, answers, citations or extraction.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List measurements, newest first, with what changed since the one before."""
    from kb.commands.eval_outcome import needed_history
    from kb.commands.eval_shown import show_history

    rows = needed_history().newest(agent=agent, kind=kind, limit=limit)
    if as_json:
        say_json({"evaluations": rows})
    else:
        show_history(rows, console())


def _leave(outcome: "Outcome") -> None:
    """Exit 1 when a figure is worse than the baseline's, beyond chance."""
    if not outcome.ok:
        raise typer.Exit(1)
