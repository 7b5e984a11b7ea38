"""Extraction of one generation, from its estimate to the sentence that its passages are embedded with."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.extraction.estimate import ExtractionEstimate, estimate_of
from dagster_kb.extraction.extractor import Extractor
from dagster_kb.extraction.job import ExtractionJob, Tally, name_wanted
from dagster_kb.resources.ledger_extractions import ExtractionLedger, ExtractionTotals, Waiting
from dagster_kb.telemetry import Stages
from kb_contract.embedding_space import searched_text
from kb_contract.errors import BadInput, Unavailable
from kb_contract.extraction_settings import ExtractionSettings
from kb_contract.generation import Generation
from kb_contract.identifiers import sha256_text


@dataclass(frozen=True)
class Wish:
    """What whoever started the run wants of it."""

    approved: bool = False
    """It may cost more than the limit."""
    again: bool = False
    """Also what was asked in vain before."""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    estimate: ExtractionEstimate
    tally: Tally
    totals: ExtractionTotals
    held_back: str = ""
    """Why not everything was asked: money."""
    situated: int = 0


@dataclass(frozen=True)
class ExtractionWork:
    """What one run does for one generation."""

    ledger: ExtractionLedger
    desk: ExtractionDesk
    generation: Generation
    settings: ExtractionSettings
    dagster_run: str
    stages: Stages = field(default_factory=Stages)
    tell: Callable[[int, int], None] = lambda _done, _total: None

    def run(self, wish: Wish) -> Outcome:
        """Estimate, ask, keep, and situate; raises when what must be there is not."""
        extractor = self.desk.extractor(self.settings)
        self.ledger.say_profile(self.generation, extractor.prompt.name, extractor.key)
        name_wanted(self.ledger, self.generation, extractor)
        if self.settings.stop_on_first_error and not wish.again:
            self._stop_at(self.ledger.first_in_vain(self.generation, extractor.key))
        waiting = self._waiting(extractor, again=wish.again)
        estimate = estimate_of(
            extractor, len(waiting), sum(one.size for one in waiting),
            self.ledger.usual_completion(extractor.key),
        )  # fmt: skip
        if waiting:
            self.stages.say("extraction.estimate", **asdict(estimate))
        limit = self.desk.limit(self.settings)
        tally, held = Tally(), ""
        if estimate.dollars > limit and not wish.approved:
            held = f"{estimate.said}, more than the ${limit:g} that a run may cost unasked"
        else:
            tally, held = self._asked(extractor, waiting, wish)
        totals = self.ledger.totals(self.generation, extractor.key)
        situated = 0 if held or not self.settings.situate else self._situated(extractor)
        return Outcome(estimate, tally, totals, held, situated)

    def _asked(self, extractor: Extractor, waiting: list[Waiting], wish: Wish) -> tuple[Tally, str]:
        self.desk.money.settle_lost()
        books = self.desk.books(self.generation.agent_id, self.dagster_run, approved=wish.approved)
        tally = ExtractionJob(
            self.ledger, extractor, books, self.stages, self.tell, self.desk.concurrency,
            self.settings.stop_on_first_error,
            None if wish.approved else self.desk.limit(self.settings),
        ).run(waiting)  # fmt: skip
        if self.settings.stop_on_first_error and not tally.for_money:
            self._stop_at(tally.stopped)
        return tally, tally.stopped if tally.for_money else ""

    def _stop_at(self, error: str) -> None:
        if error:
            raise BadInput(
                f"extraction stopped at its first error: {error}",
                where=self.generation.agent_id,
                cure="mend the passage, ask again with --force, or leave out extraction.stop_on_first_error",
            )

    def _situated(self, extractor: Extractor) -> int:
        """Situate; a passage that may yet be answered is waited for, else it would be embedded twice."""
        if left := self._waiting(extractor, again=False):
            raise Unavailable(
                f"{len(left)} of the passages have no answer yet; the first: {left[0].path}",
                where=self.generation.agent_id,
                cure="the next run asks for these alone; see the models in GET /health",
            )
        documents, chunks = self.ledger.situate(self.generation, extractor.key, _digest)
        self.stages.say("situated", documents=documents, chunks=chunks)
        return chunks

    def _waiting(self, extractor: Extractor, *, again: bool) -> list[Waiting]:
        return self.ledger.waiting(self.generation, extractor.key, again=again)


def _digest(row: dict[str, Any]) -> str:
    return sha256_text(searched_text(row))
