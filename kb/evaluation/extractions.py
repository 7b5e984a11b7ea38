"""How well a prompt and a model read passages out: whether it can be used, and whether it is right."""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dagster_kb.extraction.extractor import Extracted, Extractor
from kb.evaluation.evaluation import COMPARABLE
from kb.evaluation.labelled_extractions import LabelledPassage
from kb_contract.chat_models.books import Books
from kb_contract.entity_names import folded

# Thai, Khmer and their neighbours, Japanese, Chinese, Korean.
_UNPARTED: Final = re.compile(r"[\u0e00-\u0fff\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Read:
    """A labelled passage, and what was read out of it."""

    label: LabelledPassage
    found: Extracted

    def as_json(self) -> dict[str, Any]:
        """Figures between 0 and 1; those that nobody labelled are left out."""
        parsed, label = self.found.parsed, self.label
        valid = self.found.status == "DONE" and parsed is not None
        requests = len(self.found.usage) + self.found.refused
        names = {_name(one.name) for one in parsed.entities} if parsed else set[str]()
        said = " ".join([*parsed.facts, parsed.summary]) if parsed else ""
        about: dict[str, Any] = {
            "id": label.id, "text": label.passage.text[:200],
            "wanted": [*(label.entities or ()), *label.says],
            "ranked": [one.name for one in parsed.entities] if parsed else [],
            "ms": self.found.latency_ms, "cost": round(self.found.cost, 8),
        }  # fmt: skip
        if self.found.status == "ERROR":
            # Nobody answered: that says nothing of the prompt.
            return {**about, "error": self._problem}
        figures: dict[str, float | None] = {
            "valid": float(valid),
            "first_time": float(valid and requests <= 1),
            "names_found": _share(label.entities, names),
            "names_right": _right(names, label) if valid else None,
            "says": _mean([float(_says(one, said)) for one in label.says]),
        }
        return {
            **about, **{name: one for name, one in figures.items() if one is not None},
            **({"error": problem} if (problem := self._problem) else {}),
        }  # fmt: skip

    @property
    def _problem(self) -> str:
        return self.found.validation_error or self.found.error


@dataclass(frozen=True)
class ExtractionMeasure:
    """Asks about every passage, a few at once; nothing is kept as if it had been ingested."""

    extractor: Extractor
    books: Books
    concurrency: int
    tell: Callable[[int, int], None] = lambda _done, _total: None

    def run(self, labels: Sequence[LabelledPassage]) -> list[Read]:
        return asyncio.run(self._all(labels))

    async def _all(self, labels: Sequence[LabelledPassage]) -> list[Read]:
        room, done = asyncio.Semaphore(self.concurrency), list[Read]()

        async def one(label: LabelledPassage) -> Read:
            async with room:
                read = Read(label, await self.extractor.extract(label.passage, self.books))
            done.append(read)
            self.tell(len(done), len(labels))
            return read

        try:
            return list(await asyncio.gather(*(one(label) for label in labels)))
        finally:
            if self.extractor.board is not None:
                await self.extractor.board.finished()


def figures_of(read: Sequence[Read], extractor: Extractor) -> dict[str, Any]:
    """Return the means of all passages that have the figure, what it cost, and how long it took."""
    rows = [one.as_json() for one in read]
    times = [one["ms"] for one in rows]
    means = {name: _mean([row[name] for row in rows if name in row])
             for name in COMPARABLE["extraction"]}  # fmt: skip
    return {
        "n": len(rows), "prompt": extractor.prompt.name,
        "prompt_sha256": extractor.prompt.sha256[:12], "model": extractor.model,
        **{name: round(one, 6) for name, one in means.items() if one is not None},
        "invalid": sum(one.found.status == "INVALID" for one in read),
        "failed": sum(one.found.status == "ERROR" for one in read),
        "dollars_a_thousand": round(1000 * sum(row["cost"] for row in rows) / max(len(rows), 1), 6),
        "latency_ms": {"p50": float(np.median(times)), "p95": float(np.quantile(times, 0.95))},
    }  # fmt: skip


def _share(wanted: Sequence[str] | None, names: set[str]) -> float | None:
    return _mean([float(_name(one) in names) for one in wanted or ()])


def _right(names: set[str], label: LabelledPassage) -> float | None:
    """Of what was named, what somebody says is named; nothing is right where there is nothing to name."""
    if label.entities is None:
        return None
    if not names and not label.entities:
        return 1.0
    known = {_name(one) for one in (*label.entities, *label.also)}
    return _mean([float(one in known) for one in names])


def _name(said: str) -> str:
    return folded(unicodedata.normalize("NFKC", said))


def _says(words: str, text: str) -> bool:
    """Whether a text has these words; where a language parts none by blanks, these signs."""
    if _UNPARTED.search(words):
        wanted, said = (unicodedata.normalize("NFKC", one) for one in (words, text))
        return "".join(wanted.split()) in "".join(said.split())
    return f" {_name(words)} " in f" {_name(text)} "


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
