"""Builds in the colour that is not served, and makes again what is, where it was lost."""

from dataclasses import dataclass, field

from dagster_kb.publishing.alias_moves import (
    NOT_WHAT_IT_WAS,
    Reconciled,
    point_names,
    reconcile_agent,
)
from dagster_kb.publishing.collection_audit import Look
from dagster_kb.publishing.colour_sync import Advance, Synced, SyncTask, nobody_waits
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.telemetry import Stages
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, collection_name, other_colour


@dataclass(frozen=True)
class CollectionSync:
    """Writes the difference between what a colour holds and what it must hold."""

    ledger: Ledger
    store: VectorStore
    stages: Stages = field(default_factory=Stages)

    def run(
        self, generation: Generation, advance: Advance, look: Look = "when in doubt"
    ) -> Synced | None:
        """Sync under the agent's lock; None when it is live, refused when it was overtaken."""
        agent = generation.agent_id
        with self.ledger.agent_lock(agent):
            generation = still_wanted(self.ledger, generation)
            if generation.state == "live":
                return None
            served = self.serve_again(agent)
            live = self.ledger.generations.live(agent)
            colour = other_colour(live.colour if live else None)
            if served.action == NOT_WHAT_IT_WAS:
                self._refuse_under_a_name(agent, colour, served)
            return self.bring(generation, colour, advance, look)

    def serve_again(self, agent: str) -> Reconciled:
        """Let an agent serve what the ledger says, made again where need be; the caller holds the lock."""
        found = reconcile_agent(self.ledger, self.store, agent)
        live = self.ledger.generations.live(agent)
        if found.action != NOT_WHAT_IT_WAS or live is None or live.colour is None:
            return found
        try:
            made = self.bring(live, live.colour, look="always")
        except GateRefused as error:  # the run that comes builds what git says, in the other colour
            return Reconciled(agent, NOT_WHAT_IT_WAS, f"{live.collection}: {error}")
        self.ledger.terms.count(live)
        point_names(self.ledger, self.store, agent, made.collection)
        self.ledger.aliases.moved(
            agent, made.collection, moved_by="reconcile", generation_id=live.generation_id,
            reason=f"made again: {made.written} points written, {made.deleted} deleted",
        )  # fmt: skip
        return Reconciled(agent, "made again", made.collection)

    def _refuse_under_a_name(self, agent: str, colour: Colour, served: Reconciled) -> None:
        """Nothing is built where aliases lead: who asks there would see it half done."""
        target = collection_name(self.ledger.workspace, agent, colour)
        if target in self.store.aliases().values():
            raise GateRefused(
                f"aliases lead to {target}, and what the ledger calls live cannot be made again: "
                f"{served.collection}",
                where=agent, cure=f"see that nobody else writes to Qdrant, then `kb ingest --agent {agent}`",
            )  # fmt: skip

    def bring(
        self, generation: Generation, colour: Colour, advance: Advance = nobody_waits,
        look: Look = "when in doubt",
    ) -> Synced:  # fmt: skip
        """Bring a colour to a generation, whatever its state; the caller holds the lock."""
        return SyncTask(self.ledger, self.store, self.stages, generation, colour).run(look, advance)


def still_wanted(ledger: Ledger, generation: Generation) -> Generation:
    """Read a generation again under the lock; refuse one that was overtaken or given up."""
    now = ledger.generations.by_id(generation.generation_id)
    if now.state in ("staged", "checked", "live"):
        return now
    raise GateRefused(
        f"generation {now.number} is {now.state}" + (f": {now.reason}" if now.reason else ""),
        where=now.agent_id,
        cure="materialise the whole chain again; it takes up what git says now",
    )
