"""`kb tune AGENT`: how the agent had best be searched, by its own golden questions."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.terminal import console, say_json
from kb.writer_access import known_agent, require_parts, writer_settings

if TYPE_CHECKING:
    from dagster_kb.publishing.tuning import Tuned


def tune(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    write: Annotated[bool, typer.Option(help="Write the choice into its agent.yaml.")] = True,
    workspace: Annotated[str | None, typer.Option(help="Tenant; the settings' by default.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Ask the golden questions with each blend, and write the choice into agent.yaml."""
    settings = writer_settings(workspace)
    require_parts(settings, store=True)
    from dagster_kb.described_parts import embedder_of, ledger_of, store_of
    from dagster_kb.publishing.tuning import Tuning

    ledger = ledger_of(settings)
    embedder = embedder_of(settings, ledger.database)
    try:
        known_agent(ledger, agent)
        tuned = Tuning(ledger, store_of(settings), embedder).run(agent)
    finally:
        ledger.database.close()
        embedder.close()
    file = Path(settings.knowledge_dir) / agent / "agent.yaml"
    wrote = file if write and _write(file, tuned) else None
    if json:
        say_json({**_as_json(agent, tuned), "written": str(wrote) if wrote else None})
        return
    _show(tuned)
    console().print(
        f"written to {wrote}; commit it, and ingest" if wrote else "nothing was written"
    )


def _write(file: Path, tuned: "Tuned") -> bool:
    """Write it where the folder is on this machine; a remote repository is its owners' to change."""
    from kb.manifest_file import rewrite

    if not file.parent.is_dir():
        return False
    said = {
        # Where others' questions are too few, what the owners said goes on, or what was measured;
        # what was chosen by an earlier one goes.
        **({"threshold": tuned.threshold.value} if tuned.threshold.chosen else {}),
        "blend": tuned.choice.blend.model_dump(mode="json"),
        # Nothing that was measured of another generation stays.
        "calibration": tuned.calibration.model_dump(mode="json") if tuned.calibration else None,
    }
    rewrite(file, said, _evidence(tuned))
    return True


def _evidence(tuned: "Tuned") -> list[str]:
    choice, threshold = tuned.choice, tuned.threshold
    figures = choice.figures[choice.name]
    others = threshold.strangers_refused
    value = f" {threshold.value}" if threshold.chosen else ""
    refused = "no others to ask" if others is None else f"{others:.0%} of {tuned.strangers} others'"
    return [
        f"generation {tuned.generation.number}, {tuned.questions} golden questions",
        f"blend {choice.name!r}: nDCG@10 {figures.ndcg:.3f}, MRR {figures.mrr:.3f}; {choice.reason}",
        f"cross-validated: {choice.held_out}",
        *(
            [
                f"calibration: its own questions reach {tuned.calibration.own}, others' "
                f"{tuned.calibration.others}"
            ]
            if tuned.calibration
            else []
        ),
        f"threshold{value}: refuses {threshold.wrongly_refused:.0%} of its own, {refused}; {threshold.reason}",
    ]


def _as_json(agent: str, tuned: "Tuned") -> Mapping[str, Any]:
    choice, threshold = tuned.choice, tuned.threshold
    return {
        "agent_id": agent, "generation": tuned.generation.number, "questions": tuned.questions,
        "blend": {"name": choice.name, **choice.blend.model_dump(mode="json")},
        "because": choice.reason,
        "held_out": asdict(choice.held_out),
        "measured": {name: {"ndcg@10": one.ndcg, "mrr@10": one.mrr, "recall@10": one.recall}
                     for name, one in choice.figures.items()},
        "calibration": tuned.calibration.model_dump(mode="json") if tuned.calibration else None,
        "threshold": {"value": threshold.value, "wrongly_refused": threshold.wrongly_refused,
                      "strangers_refused": threshold.strangers_refused,
                      "because": threshold.reason},
    }  # fmt: skip


def _show(tuned: "Tuned") -> None:
    for name, one in tuned.choice.figures.items():
        mark = "*" if name == tuned.choice.name else " "
        console().print(f"{mark} {name:18} nDCG@10 {one.ndcg:.3f}  MRR@10 {one.mrr:.3f}")
    for line in _evidence(tuned):
        console().print(f"  {line}", markup=False)
