"""The page of one evaluation, and of how it stands to a baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from kb.evaluation.comparison import Difference, Interval, above_floors, interval
from kb.evaluation.evaluation import COMPARABLE, Evaluation
from kb.evaluation.ranking_figures import DEPTH
from kb.evaluation.report.charts import Bar, bars, forest, histogram, profile
from kb_contract.errors import BadInput

_TITLES: Final = {
    "retrieval": "Retrieval", "answers": "Answers", "citations": "Citations",
    "extraction": "Extraction",
}  # fmt: skip
_MOST_CHANGED: Final = 12
_MAIN: Final[Mapping[str, str]] = {
    "retrieval": "ndcg@10", "answers": "cited", "citations": "verified",
    "extraction": "says",
}  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A figure and how sure it is."""

    name: str
    about: Interval
    n: int


@dataclass(frozen=True)
class Changed:
    """A question whose figure is not what it was."""

    text: str
    before: float
    now: float


def write_report(
    file: Path, now: Evaluation, before: Evaluation | None, differences: Sequence[Difference]
) -> None:
    """Write the page."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(report(now, before, differences), "utf-8")
    except OSError as error:
        raise BadInput(
            str(error), where=str(file), cure="name a file that can be written"
        ) from error


def report(now: Evaluation, before: Evaluation | None, differences: Sequence[Difference]) -> str:
    """Make the page; whatever documents and people wrote is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    template = (files("kb.evaluation.report") / "page.html.jinja").read_text("utf-8")
    main, above = _MAIN[now.kind], above_floors(now)
    return environment.from_string(template).render(
        title=_TITLES[now.kind], now=now, before=before, main=main,
        cards=_cards(now), differences=differences,
        forest=forest(differences) if differences else None,
        above=above, floor_forest=forest(above) if above else None,
        changed=_changed(now, before, main) if before else [],
        ranks=_ranks(now), profile=_profile(now, before, main), latency=_latency(now),
        refusals=_refusals(now), columns=_columns(now),
    )  # fmt: skip


def _cards(now: Evaluation) -> list[Card]:
    found = ((name, list(now.by_question(name).values())) for name in COMPARABLE[now.kind])
    return [Card(name, interval(values), len(values)) for name, values in found if values]


def _changed(now: Evaluation, before: Evaluation, main: str) -> list[Changed]:
    """List the questions that changed most, those that became worse first."""
    new, old = now.by_question(main), before.by_question(main)
    texts = {str(one["id"]): str(one["text"]) for one in now.questions}
    found = [Changed(texts[one], old[one], new[one]) for one in new.keys() & old.keys()
             if abs(new[one] - old[one]) > 1e-9]  # fmt: skip
    largest = sorted(found, key=lambda one: (-abs(one.now - one.before), one.text))[:_MOST_CHANGED]
    return sorted(largest, key=lambda one: (one.now - one.before, one.text))


def _ranks(now: Evaluation) -> Markup | None:
    """Draw at which place the first right document stands."""
    if now.kind != "retrieval":
        return None
    places = [_first(one) for one in now.questions if one["wanted"]]
    found = [Bar(str(place), places.count(place), f"{places.count(place)} questions find it at {place}")
             for place in range(1, DEPTH + 1)]  # fmt: skip
    missed = places.count(None)
    return bars([*found, Bar("none", missed, f"{missed} questions find none in ten", odd=True)])


def _first(question: Mapping[str, Any]) -> int | None:
    ranked: list[str] = question["ranked"]
    return next(
        (place for place, one in enumerate(ranked[:DEPTH], 1) if one in question["wanted"]), None
    )


def _profile(now: Evaluation, before: Evaluation | None, main: str) -> Markup:
    old = list(before.by_question(main).values()) if before else []
    return profile(list(now.by_question(main).values()), old)


def _latency(now: Evaluation) -> Markup | None:
    times = [float(one["ms"]) for one in now.questions if one.get("ms") is not None]
    said = now.figures.get("latency_ms")
    if not times or not said:
        return None
    return histogram(times, [(name, float(said[name])) for name in ("p50", "p95")], " ms")


def _refusals(now: Evaluation) -> list[tuple[str, int, int]] | None:
    """Count what was answered and refused, of what can be answered and of what cannot."""
    if now.kind == "citations" or not any(one.get("refused") for one in now.questions):
        return None
    rows: list[tuple[str, int, int]] = []
    for name, can in (("can be answered", True), ("cannot be answered", False)):
        asked = [one for one in now.questions if bool(one["wanted"]) == can]
        refused = sum(bool(one["refused"]) for one in asked)
        rows.append((name, len(asked) - refused, refused))
    return rows


def _columns(now: Evaluation) -> list[str]:
    return [one for one in COMPARABLE[now.kind] if now.by_question(one)]
