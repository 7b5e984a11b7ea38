"""Whether what is served is still the very collection that passed its checks."""

from dataclasses import dataclass

from dagster_kb.publishing.collection_audit import CollectionAudit, Look, is_due, stands
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.generation import Generation
from kb_contract.identifiers import Colour


@dataclass(frozen=True)
class LiveAudit:
    """Looks at the live colour of an agent: at its stamp, and whole when that is in doubt or due."""

    ledger: Ledger
    store: VectorStore

    def is_sealed(self, live: Generation) -> bool:
        """Whether its stamp is the one that the writer put there; looks no further."""
        if live.colour is None or live.collection is None:
            return False
        known = self.ledger.aliases.colour(live.agent_id, live.colour)
        return stands(known, self.store.describe(live.collection))

    def holds(self, live: Generation, look: Look) -> bool:
        """Say no when it is not what it was, and leave an incident; the next build replaces it."""
        if live.colour is None or live.collection is None:
            return False
        known = self.ledger.aliases.colour(live.agent_id, live.colour)
        there = self.store.describe(live.collection)
        if stands(known, there) and not is_due(known, look):
            return True
        with self.ledger.agent_lock(live.agent_id):
            now = self.ledger.generations.live(live.agent_id)
            if now is None or now.generation_id != live.generation_id:
                return True  # somebody published meanwhile, and looked
            return self._looked_at(live, live.colour, live.collection)

    def _looked_at(self, live: Generation, colour: Colour, collection: str) -> bool:
        audit = CollectionAudit(self.ledger, self.store)
        found = audit.whole(live, collection)
        if found.exact:
            self.ledger.aliases.mark(live, colour, "clean", audit.sealed(live, collection, found))
            return True
        self.ledger.aliases.doubt(live)
        self.ledger.incidents.open(
            live.agent_id, "collection_changed",
            f"{collection}, which is served, is not what was published: {found.description}",
            "find out who writes to the vector store past the writer; this run builds it anew",
            facts=found.facts(), generation_id=live.generation_id, by="writer",
        )  # fmt: skip
        return False
