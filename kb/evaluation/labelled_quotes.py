"""Quotes with what is true of each: they stand in their passage, or fail in one of four ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast, get_args

from graph.citations.quotes import Verdict, check
from kb.evaluation.json_lines import labelled_rows
from kb_contract.errors import BadInput

VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
_CURE: Final = (
    'passages.jsonl: {"id", "text"}; quotes.jsonl: {"quote", "passage": <id>, "others": [<id>, …], '
    f'"verdict": one of {", ".join(VERDICTS)}, "also_ok": [], "how"}}'
)


@dataclass(frozen=True)
class LabelledQuote:
    """Words that somebody gives as a quote of a passage, with what else they were shown."""

    id: str
    quote: str
    passage: str
    others: tuple[str, ...]
    verdict: Verdict
    also_ok: tuple[Verdict, ...] = ()
    """Verdicts that can be defended as well."""
    how: str = ""
    """In what way it is true or false; for whoever reads the mistakes."""


@dataclass(frozen=True)
class Judged:
    """A labelled quote and our verdict."""

    label: LabelledQuote
    verdict: Verdict

    @property
    def wanted(self) -> Verdict:
        """The label, or our verdict where that can be defended as well."""
        return self.verdict if self.verdict in self.label.also_ok else self.label.verdict

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.label.id, "quote": self.label.quote, "how": self.label.how,
            "wanted": self.wanted, "got": self.verdict,
        }  # fmt: skip


def read_quotes(folder: Path) -> list[LabelledQuote]:
    """Read a folder's passages and the quotes that are given as theirs."""
    rows = labelled_rows(folder / "passages.jsonl", {"id", "text"})
    texts = {str(one["id"]): str(one["text"]) for one in rows}
    file = folder / "quotes.jsonl"
    found = labelled_rows(file, {"quote", "passage", "verdict"})
    return [_quote(row, texts, f"{file}, quote {number}") for number, row in enumerate(found, 1)]


def judged(quotes: Sequence[LabelledQuote]) -> list[Judged]:
    """Say of each what the answers' own check says."""
    return [Judged(one, check(one.quote, one.passage, one.others).verdict) for one in quotes]


def quote_figures(of: Sequence[Judged]) -> dict[str, Any]:
    """Count; `false_found` are lies that would reach a reader, `true_refused` quotes that would not."""
    pairs = [(one.wanted, one.verdict) for one in of]
    confusion: dict[str, dict[str, int]] = {
        wanted: {got: pairs.count((wanted, got)) for got in VERDICTS if (wanted, got) in pairs}
        for wanted in VERDICTS
    }
    return {
        "accuracy": _share(sum(wanted == got for wanted, got in pairs), len(pairs)),
        "n": len(pairs),
        "false_found": sum(wanted != "found" and got == "found" for wanted, got in pairs),
        "true_refused": sum(wanted == "found" and got != "found" for wanted, got in pairs),
        "per_class": {one: _class(one, pairs) for one in VERDICTS},
        "confusion": confusion,
    }


def _class(verdict: str, pairs: Sequence[tuple[str, str]]) -> dict[str, float | int]:
    right = pairs.count((verdict, verdict))
    said = sum(got == verdict for _, got in pairs)
    wanted = sum(one == verdict for one, _ in pairs)
    return {"precision": _share(right, said), "recall": _share(right, wanted), "n": wanted}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _quote(row: Mapping[str, Any], texts: Mapping[str, str], where: str) -> LabelledQuote:
    others, also = (_several(row, name, where) for name in ("others", "also_ok"))
    wrong = [one for one in (row["verdict"], *also) if one not in VERDICTS]
    if wrong:
        raise BadInput(f"{wrong[0]!r} is no verdict", where=where, cure=_CURE)
    ids = [str(row["passage"]), *map(str, others)]
    missing = [one for one in ids if one not in texts]
    if missing:
        raise BadInput(f"there is no passage {missing[0]!r}", where=where, cure=_CURE)
    passage, *rest = (texts[one] for one in ids)
    name = str(row.get("id") or where.rsplit(" ", 1)[1])
    return LabelledQuote(
        name, str(row["quote"]), passage, tuple(rest), row["verdict"], tuple(also),
        str(row.get("how") or ""),
    )  # fmt: skip


def _several(row: Mapping[str, Any], name: str, where: str) -> list[Any]:
    said: Any = row.get(name) or []
    if not isinstance(said, list):
        raise BadInput(f"{name} is no list", where=where, cure=_CURE)
    return cast("list[Any]", said)
