"""Measures an agent's own golden questions with every blend that is offered."""

from collections.abc import Sequence
from dataclasses import dataclass

from dagster_kb.gates.blend_choice import (
    BLENDS,
    Choice,
    Threshold,
    calibrated,
    choose_blend,
    choose_threshold,
)
from dagster_kb.gates.evidence import Asked
from dagster_kb.gates.golden import rank_of
from dagster_kb.gates.ranking import DEPTH, ENOUGH
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.reader_search import Question, ReaderSearch, Weighed
from dagster_kb.resources.vector_books import pays_for_vectors
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.agent_manifest import AgentManifest, GoldenQuestion, GoldenSet, RetrievalSettings
from kb_contract.calibration import Calibration
from kb_contract.errors import BadInput, NotServed
from kb_contract.generation import Generation
from kb_contract.identifiers import production_alias


@dataclass(frozen=True)
class Tuned:
    """What was measured and what follows."""

    generation: Generation
    questions: int
    strangers: int
    choice: Choice
    threshold: Threshold
    calibration: Calibration | None
    """None where there were too few questions of others to say where its figures lie."""


@dataclass(frozen=True)
class Tuning:
    """Asks what is live, through the alias, as readers do."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder

    def run(self, agent: str) -> Tuned:
        live = self.ledger.generations.live(agent)
        if live is None:
            raise NotServed(
                "nothing is live, so nothing can be measured", where=agent,
                cure=f"run `kb ingest --agent {agent}` first",
            )  # fmt: skip
        how = AgentManifest.model_validate(dict(live.manifest)).retrieval
        own = self._golden(live)
        if len(own) < ENOUGH:
            # A choice by so few would be chance, and it would replace what a person wrote.
            raise BadInput(
                f"{len(own)} golden questions are too few to choose by; {ENOUGH} can", where=agent,
                cure=f"add some to its golden.yaml (`kb golden candidates {agent}` lists what was asked), "
                "commit and ingest",
            )  # fmt: skip
        weighed = self._weighed(live, own, how)
        choice = choose_blend({
            name: [rank_of(agent, Asked(one, found.ordered(blend, 0.0))) for one, found in weighed]
            for name, blend in BLENDS.items()
        })  # fmt: skip
        strangers = self._weighed(live, self._strangers(agent), how)
        threshold = choose_threshold(
            [found.best(choice.blend) for _, found in weighed],
            [found.best(choice.blend) for _, found in strangers],
            RetrievalSettings().found_from,
        )
        calibration = calibrated(
            [found.most_relevant(choice.blend) for _, found in weighed],
            [found.most_relevant(choice.blend) for _, found in strangers],
        )
        return Tuned(live, len(own), len(strangers), choice, threshold, calibration)

    def _weighed(
        self, live: Generation, questions: Sequence[GoldenQuestion], how: RetrievalSettings
    ) -> list[tuple[GoldenQuestion, Weighed]]:
        alias = production_alias(self.ledger.workspace, live.agent_id)
        search = ReaderSearch(self.ledger, self.store, live)
        with pays_for_vectors(live.agent_id):
            read = self.embedder.read([one.question for one in questions]) if questions else []
        asked = [Question(text, one.audience) for one, text in zip(questions, read, strict=True)]
        found = search.weigh(alias, asked, how, DEPTH)
        return list(zip(questions, found, strict=True))

    def _strangers(self, agent: str) -> list[GoldenQuestion]:
        """Return what the other agents must know: of this one it is as good as unanswerable."""
        others = [one for one in self.ledger.generations.all_live() if one.agent_id != agent]
        return [question for one in others for question in self._golden(one)]

    def _golden(self, generation: Generation) -> list[GoldenQuestion]:
        kept = self.ledger.generations.golden(generation.generation_id)
        return list(GoldenSet.model_validate(kept).questions)
