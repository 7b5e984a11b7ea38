"""What is live, made again out of the ledger where Qdrant lost it, or holds something else in its place.

A Qdrant may come back empty, and a ledger from a backup that is older than what Qdrant holds. The
ledger has all that a collection is made of, so nothing is embedded, and no gate is asked again:
they passed on these very points. A pause holds nothing up: what is served stays what it was.
"""

from collections.abc import Iterable

from dagster_kb.publishing.alias_moves import Reconciled, aliases_of
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.generation import Generation


def reconcile(ledger: Ledger, store: VectorStore) -> list[Reconciled]:
    """Let every agent serve what the ledger says; run this before writers start."""
    return [serve_again(ledger, store, agent) for agent in ledger.generations.known_agents()]


def serve_astray_again(ledger: Ledger, store: VectorStore, lives: Iterable[Generation]) -> None:
    """Do the same before a run; where names lead as the ledger says, nobody is waited for."""
    now = store.aliases()
    for live in lives:
        names = aliases_of(ledger.workspace, live.agent_id)
        if any(now.get(name) != live.collection for name in names):
            serve_again(ledger, store, live.agent_id)


def serve_again(ledger: Ledger, store: VectorStore, agent: str) -> Reconciled:
    """Let one agent serve what the ledger says."""
    with ledger.agent_lock(agent):
        return CollectionSync(ledger, store).serve_again(agent)
