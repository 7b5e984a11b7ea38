"""Reads every passage that was never read: a few at once, each kept as soon as it is there."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from dagster_kb.extraction.extractor import Extracted, Extractor
from dagster_kb.extraction.passages import Passage, extraction_id
from dagster_kb.resources.ledger_books import LedgerBooks, one_effect
from dagster_kb.resources.ledger_extractions import Claims, ExtractionLedger, Waiting
from dagster_kb.resources.progress import WorkProgress
from dagster_kb.telemetry import Stages
from kb_contract.generation import Generation
from kb_contract.identifiers import sha256_text

CONCURRENCY: Final = 4
# So many in a row without an answer, and the provider is what is broken.
MOST_FAILURES: Final = 8
_LOOK_AGAIN: Final = 0.5
_AT_ONCE: Final = 200


@dataclass
class Tally:
    """What a run did, as it goes."""

    done: int = 0
    invalid: int = 0
    errors: int = 0
    cost: float = 0.0
    seconds: float = 0.0
    stopped: str = ""
    """Why it ended before everything was asked."""
    for_money: bool = False
    """It ended since there was none, or since nobody agreed to more."""

    @property
    def asked(self) -> int:
        return self.done + self.invalid + self.errors


def name_wanted(ledger: ExtractionLedger, generation: Generation, extractor: Extractor) -> None:
    """Find out which extraction each new passage needs; the same passage elsewhere has it already."""
    key = extractor.key
    rows = ledger.unnamed(generation, key)
    while some := list(islice(rows, _AT_ONCE)):
        passages = [Passage.of_row(row) for row in some]
        ledger.name(key, [
            (one.document_id, one.chunk_index,
             extraction_id(ledger.workspace, one.sha256, key["prompt_sha256"], key["asked_model"]))
            for one in passages
        ])  # fmt: skip


@dataclass
class ExtractionJob:
    """The work on one generation; what one passage does costs no other."""

    ledger: ExtractionLedger
    extractor: Extractor
    books: LedgerBooks
    stages: Stages = field(default_factory=Stages)
    tell: Callable[[int, int], None] = lambda _done, _total: None
    concurrency: int = CONCURRENCY
    stop_on_first_error: bool = False
    most_dollars: float | None = None
    """What it may cost unasked; None: a person agreed to whatever it costs."""
    tally: Tally = field(default_factory=Tally, init=False)
    _failures: int = field(default=0, init=False)
    _progress: WorkProgress = field(init=False)

    def run(self, waiting: Sequence[Waiting]) -> Tally:
        """Ask about all of them; what is kept stays kept, whatever ends it."""
        some = len(waiting)
        self._progress = WorkProgress(
            "extraction", "passages", some, some, self.tell, self.stages.say
        )
        if self.extractor.board is None:
            self._by_patterns(waiting)
        elif waiting:
            asyncio.run(self._by_models(waiting))
        self.tally.seconds = round(self._progress.seconds, 3)
        return self.tally

    def _by_patterns(self, waiting: Sequence[Waiting]) -> None:
        left = iter(waiting)
        while some := list(islice(left, _AT_ONCE)):
            found = [(one, self.extractor.by_patterns(one))
                     for one in map(Passage.of_row, self.ledger.passages(some))]  # fmt: skip
            self.ledger.keep([self._row(where, passage, result)
                              for where, (passage, result) in zip(some, found, strict=True)])  # fmt: skip
            for passage, result in found:
                self._count(passage, result)

    async def _by_models(self, waiting: Sequence[Waiting]) -> None:
        with self.ledger.claims() as claims:
            elsewhere = await self._round(waiting, claims)
            while elsewhere and not self.tally.stopped:
                # Another run asks about these; when it dies, its claims end.
                await asyncio.sleep(_LOOK_AGAIN)
                elsewhere = await self._round(elsewhere, claims)

    async def _round(self, waiting: Sequence[Waiting], claims: Claims) -> list[Waiting]:
        """Ask about those that nobody else asks about; returns the others."""
        left, elsewhere = iter(waiting), list[Waiting]()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self.concurrency, len(waiting))):
                    group.create_task(self._worker(left, elsewhere, claims))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        finally:
            if self.extractor.board is not None:
                await self.extractor.board.finished()
        return elsewhere

    async def _worker(
        self, left: Iterator[Waiting], elsewhere: list[Waiting], claims: Claims
    ) -> None:
        for one in left:
            if self.tally.stopped:
                return
            if not await asyncio.to_thread(claims.take, one):
                elsewhere.append(one)
                continue
            try:
                # Whoever asked before let go of it when it was kept.
                if not await asyncio.to_thread(self.ledger.is_done, one):
                    await self._one(one)
            finally:
                claims.release(one)

    async def _one(self, wanted: Waiting) -> None:
        [row] = await asyncio.to_thread(self.ledger.passages, [wanted])
        passage = Passage.of_row(row)
        where: dict[str, Any] = {
            "document_id": str(wanted.document_id),
            "chunk_index": wanted.chunk_index,
        }
        with self.stages.stage("llm.extract", quiet=True, **where) as told, one_effect() as paid:
            result = await self.extractor.extract(passage, self.books)
            told["status"] = result.status
        kept = self._row(wanted, passage, result)
        near_ends = await asyncio.to_thread(self.ledger.keep, [kept], paid)
        for near in [*self.books.near_ends, *near_ends]:
            self.stages.say("budget.near", **near)
        self.books.near_ends.clear()
        self._count(passage, result)

    def _row(self, wanted: Waiting, passage: Passage, result: Extracted) -> dict[str, Any]:
        return {
            "extraction": wanted.extraction_id,
            "input_sha256": passage.sha256,
            "prompt_name": self.extractor.prompt.name,
            **self.extractor.key,
            "model": result.model,
            "status": result.status,
            "attempts": len(result.usage) + result.refused,
            "raw_text": result.raw_text,
            "parsed": result.parsed.model_dump(mode="json") if result.parsed else None,
            "validation_error": result.validation_error or None,
            "error_type": None if result.status == "DONE" else "NoAnswer",
            "error_message": result.error or None,
            "usage": list(result.usage),
            "cost": result.cost,
            "latency_ms": result.latency_ms,
            "agent": self.books.agent,
            "run": self.books.dagster_run,
        }

    def _count(self, passage: Passage, result: Extracted) -> None:
        tally = self.tally
        tally.cost += result.cost
        if result.status == "DONE":
            tally.done, self._failures = tally.done + 1, 0
        else:
            self._count_failure(passage, result)
        self._look_at_costs()
        self._progress.advance(
            1, 1, invalid=tally.invalid, errors=tally.errors, dollars=round(tally.cost, 6)
        )

    def _look_at_costs(self) -> None:
        """Answers may be longer than was estimated: nobody agreed to that."""
        tally, most, total = self.tally, self.most_dollars, self._progress.total
        if most is not None and tally.cost > most and tally.asked < total and not tally.stopped:
            tally.for_money = True
            tally.stopped = (
                f"${tally.cost:.4f} for {tally.asked} of {total} passages, more than the ${most:g} that a "
                "run may cost unasked"
            )

    def _count_failure(self, passage: Passage, result: Extracted) -> None:
        tally = self.tally
        why = result.validation_error or result.error
        self.stages.say("extraction.failed", place=passage.place, status=result.status, why=why,
                        text_sha256=sha256_text(passage.text))  # fmt: skip
        if result.status == "INVALID":
            tally.invalid, self._failures = tally.invalid + 1, 0
        else:
            tally.errors += 1
            self._failures += 1
        if self.books.refused and self.books.refused in result.error:
            tally.stopped, tally.for_money = self.books.refused, True
        elif self.stop_on_first_error:
            tally.stopped = f"{passage.place}: {why}"
        elif self._failures >= MOST_FAILURES:
            tally.stopped = f"{self._failures} passages in a row had no answer; the last: {why}"
