"""The last step of a generation: every gate once more, the swap, and the live canary."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from dagster_kb.intake.document_texts import DocumentTexts
from dagster_kb.publishing.alias_moves import (
    is_withdrawn,
    serves_nothing,
    settle_deletions,
    swap,
    withdraw,
)
from dagster_kb.publishing.collection_evidence import CollectionEvidence, sighting
from dagster_kb.publishing.collection_sync import CollectionSync, still_wanted
from dagster_kb.publishing.live_canary import LiveCanary
from dagster_kb.publishing.own_questions import AskingItself
from dagster_kb.publishing.release_checks import GATES, Gate, Json, Verdict
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.sentence_models.vectors import ReadText

NOTHING: Final = Verdict(
    passed=True,
    description="nothing is published, so nothing is served and there is nothing to check",
)


@dataclass(frozen=True)
class Publication:
    """Looks at generations, and makes them live or ends them."""

    ledger: Ledger
    store: VectorStore
    embedder: Embedder
    texts: DocumentTexts
    remembered: dict[str, ReadText] = field(default_factory=dict[str, ReadText], repr=False)

    def publish(self, generation: Generation, dagster_run: str) -> None:
        """Make it live, or end its agent; the caller holds the agent's lock."""
        now = self.ledger.generations.by_id(generation.generation_id)
        if is_withdrawn(now):
            withdraw(self.ledger, self.store, now, dagster_run)
            return
        now = still_wanted(self.ledger, now)
        if now.state == "live":
            CollectionSync(self.ledger, self.store).serve_again(now.agent_id)
            settle_deletions(self.ledger, now)  # A run may have died before it did.
            self.canary.make_up(now.agent_id, dagster_run)
        elif self.serves_nothing(now):
            self.ledger.incidents.refuse_if_paused(now.agent_id)
            _refuse_what_is_found(now, self.ask_of_nothing(GATES, now))
            withdraw(self.ledger, self.store, now, dagster_run)
        else:
            self.pass_gates(now, dagster_run)
            swap(self.ledger, self.store, now, dagster_run)
            self.canary.run(self.ledger.generations.by_id(now.generation_id), dagster_run)

    @property
    def asking_itself(self) -> AskingItself:
        return AskingItself(self.ledger, self.store, self.embedder)

    @property
    def canary(self) -> LiveCanary:
        return LiveCanary(self.ledger, self.store, self.embedder, self.remembered)

    def ask(
        self, gates: Sequence[Gate], generation: Generation, dagster_run: str
    ) -> list[tuple[Gate, Verdict]]:
        """Ask gates one after the other, and keep what they found, whatever stops them."""
        seen = sighting(self.ledger, generation, dagster_run)
        evidence = self.evidence(generation)
        doubted_by = ""
        found: list[tuple[Gate, Verdict]] = []
        try:
            for gate in gates:
                is_vain = gate.searches and doubted_by
                verdict = _unasked(doubted_by) if is_vain else gate.look(evidence)
                found.append((gate, verdict))
                if verdict.refuses and gate.doubts_collection:
                    doubted_by = gate.name
        finally:
            record(self.ledger, generation, found, seen)
        return found

    def serves_nothing(self, generation: Generation) -> bool:
        return serves_nothing(self.ledger, generation)

    def ask_of_nothing(
        self, gates: Sequence[Gate], generation: Generation
    ) -> list[tuple[Gate, Verdict]]:
        """Nothing is published, so there is nothing to look at but how much that takes away."""
        evidence = self._evidence(generation, "")
        asked = [(gate, gate.look(evidence)) for gate in gates if gate.asked_of_nothing]
        if generation.state in ("staged", "checked"):
            record(self.ledger, generation, asked, None)
        found = {gate.name: one for gate, one in asked}
        return [(gate, found.get(gate.name) or NOTHING) for gate in gates]

    def evidence(self, generation: Generation) -> CollectionEvidence:
        """Fetch nothing yet; what is asked twice of one evidence is fetched once."""
        if not generation.collection:
            raise GateRefused(
                f"generation {generation.number} lies in no collection",
                where=generation.agent_id, cure="materialise `collection` first",
            )  # fmt: skip
        return self._evidence(generation, generation.collection)

    def _evidence(self, generation: Generation, collection: str) -> CollectionEvidence:
        return CollectionEvidence(
            generation,
            collection,
            self.ledger,
            self.store,
            self.embedder,
            self.texts,
            remembered=self.remembered,
        )

    def pass_gates(self, generation: Generation, dagster_run: str) -> None:
        """Ask every gate again, and refuse when one refuses; the caller holds the lock."""
        seen = sighting(self.ledger, generation, dagster_run)
        due = [gate for gate in GATES
               if not (gate.takes_long and stands(generation.checks.get(gate.name), seen))]  # fmt: skip
        _refuse_what_is_found(generation, self.ask(due, generation, dagster_run))


def _refuse_what_is_found(
    generation: Generation, found: Sequence[tuple[Gate, Verdict]]
) -> None:  # fmt: skip
    said = "; ".join(f"{gate.name}: {one.description}" for gate, one in found if one.refuses)
    if said:
        raise GateRefused(
            f"generation {generation.number} may not go live: {said}",
            where=generation.agent_id,
            cure="mend what is named and ingest again; what was live stays live",
        )


def record(
    ledger: Ledger, generation: Generation, found: Sequence[tuple[Gate, Verdict]],
    seen: Json | None,
) -> None:  # fmt: skip
    """Keep verdicts; a collection that is not what it should be is not built upon again."""
    kept = {gate.name: {**verdict.as_json(), "seen": seen} for gate, verdict in found}
    ledger.generations.record_checks(generation.generation_id, kept, gates=len(GATES))
    if any(verdict.refuses and gate.doubts_collection for gate, verdict in found):
        ledger.aliases.doubt(generation)


def _unasked(doubted_by: str) -> Verdict:
    said = f"not asked: the collection is not what it should be, see {doubted_by}"
    return Verdict(passed=False, description=said)


def stands(kept: Json | None, seen: Json | None) -> bool:
    """Whether this very run asked already and was not refused, and nobody wrote since."""
    return bool(kept and seen and kept.get("refuses") is False and kept.get("seen") == seen)
