"""The colour that the next change is written into is filled once, so that no change pays for all the others.

It only spares time: the next run looks whether the colour still holds what the ledger says, as it always does.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dagster_kb.batching import batches
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.publishing.colour_sync import Advance, nobody_waits
from dagster_kb.publishing.write_ahead import WriteAhead
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import WorkProgress
from dagster_kb.resources.vector_store import BATCH, VectorStore
from dagster_kb.telemetry import Stages
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour, other_colour

# What is smaller is written as quickly with its first change.
WORTH_IT: Final = 256


@dataclass(frozen=True)
class ColourAhead:
    """Fills the colour that was never written with the first that an agent serves."""

    ledger: Ledger
    store: VectorStore
    stages: Stages
    advance: Advance = nobody_waits

    def fill(self, agent: str) -> None:
        """Fill it, a batch under the agent's lock at a time: who must delete something does not wait.

        Whatever stops it stops nobody: the change that comes meets the same trouble, and tells.
        """
        try:
            live = self.ledger.generations.live(agent)
            if live and live.colour and self._is_worth_it(live, other_colour(live.colour)):
                with self.stages.stage("vector.ahead", points=live.chunks):
                    self._fill(live, other_colour(live.colour))
        except Exception as error:  # noqa: BLE001 - see above
            self.stages.say("ahead.stopped", reason=f"{type(error).__name__}: {error}"[:500])

    def _is_worth_it(self, live: Generation, colour: Colour) -> bool:
        """Whether nothing was served before, to which the other colour may be the way back."""
        agent = live.agent_id
        if live.chunks < WORTH_IT or self.ledger.incidents.paused(agent):
            return False
        if self.ledger.ways_back.previous(agent, live.number, past_ends=True):
            return False
        held = self.ledger.aliases.colour(agent, colour)
        return held is None or _is_half_done(held["generation_id"], held["state"], live)

    def _fill(self, live: Generation, colour: Colour) -> None:
        ahead = WriteAhead(self.ledger, self.store, live, self.stages, colour)
        progress = WorkProgress(
            "writing ahead", "points", live.chunks, live.chunks, self.advance, self.stages.say
        )
        with ahead.open(), self.ledger.manifests.stale(live, None) as chunks:
            for batch in batches(chunks, BATCH):
                ahead.take([UUID(one) for one in batch])
                progress.advance(len(batch), len(batch))
        with self.ledger.agent_lock(live.agent_id):
            now = self.ledger.generations.live(live.agent_id)
            if now and now.generation_id == live.generation_id:
                CollectionSync(self.ledger, self.store, self.stages).bring(live, colour)


def _is_half_done(generation: int, state: str, live: Generation) -> bool:
    return generation == live.generation_id and state != "clean"
