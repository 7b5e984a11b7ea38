"""What is served: the swap, the way back to what the ledger says, and the end of an agent."""

from dataclasses import dataclass
from typing import Literal

from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import COLOURS, collection_name, plain_alias, production_alias


@dataclass(frozen=True)
class Reconciled:
    """What reconciling an agent found and did."""

    agent: str
    action: Literal["right", "moved back", "removed", "collection is missing"]
    collection: str | None


def aliases_of(workspace: str, agent: str) -> tuple[str, str]:
    """Both names that an agent's live collection has."""
    return production_alias(workspace, agent), plain_alias(workspace, agent)


def is_served(ledger: Ledger, store: VectorStore, generation: Generation) -> bool:
    """Whether the aliases point to a live generation's collection, and it is not cut short."""
    if not generation.collection:
        return False
    now = store.aliases()
    names = aliases_of(ledger.workspace, generation.agent_id)
    if any(now.get(name) != generation.collection for name in names):
        return False
    if store.dimension(generation.collection) is None:
        return False
    return store.count(generation.collection) == generation.chunks


def swap(ledger: Ledger, store: VectorStore, generation: Generation, dagster_run: str) -> str:
    """Move the aliases, read them back, and say so in the ledger; the caller holds the lock."""
    if not generation.collection:
        raise GateRefused(
            f"generation {generation.number} lies in no collection",
            where=generation.agent_id, cure="materialise `collection` first",
        )  # fmt: skip
    store.point_aliases(aliases_of(ledger.workspace, generation.agent_id), generation.collection)
    broken = generation.quarantined
    status = "DONE_WITH_ERRORS" if broken else "DONE"
    ledger.aliases.go_live(
        generation, dagster_run, status, f"{broken} documents quarantined" if broken else None
    )
    return status


def reconcile(ledger: Ledger, store: VectorStore) -> list[Reconciled]:
    """Put every agent's aliases where the ledger says; run this before writers start."""
    found: list[Reconciled] = []
    for agent in ledger.generations.known_agents():
        with ledger.agent_lock(agent):
            found.append(reconcile_agent(ledger, store, agent))
    return found


def reconcile_agent(ledger: Ledger, store: VectorStore, agent: str) -> Reconciled:
    """Put one agent's aliases where the ledger says; the caller holds the agent's lock."""
    names = aliases_of(ledger.workspace, agent)
    now = store.aliases()
    live = ledger.generations.live(agent)
    wanted = live.collection if live else None
    if all(now.get(name) == wanted for name in names):
        return Reconciled(agent, "right", wanted)
    why = "a writer stopped between the alias and the ledger"
    if wanted is None or live is None:
        store.drop_aliases(names)
        ledger.aliases.moved(agent, None, moved_by="reconcile", reason=why)
        return Reconciled(agent, "removed", None)
    if store.dimension(wanted) is None:
        return Reconciled(agent, "collection is missing", wanted)
    store.point_aliases(names, wanted)
    ledger.aliases.moved(
        agent, wanted, moved_by="reconcile", reason=why, generation_id=live.generation_id
    )
    return Reconciled(agent, "moved back", wanted)


def retire(ledger: Ledger, store: VectorStore, agent: str, reason: str) -> None:
    """End an agent: first the ledger, so that nobody answers from it, then its collections."""
    with ledger.agent_lock(agent):
        ledger.aliases.retire(agent, reason)
        _drop_all(ledger, store, agent)


def withdraw(ledger: Ledger, store: VectorStore, generation: Generation, dagster_run: str) -> None:
    """Stop serving an agent of which nothing is published; the caller holds the lock."""
    if generation.state != "retired":
        reason = f"nothing is published at {generation.git_sha[:12]}: it is not served"
        ledger.aliases.withdraw(generation, dagster_run, reason)
    elif ledger.generations.live(generation.agent_id):
        return
    _drop_all(ledger, store, generation.agent_id)


def serves_nothing(generation: Generation) -> bool:
    """Whether its documents are all unpublished or gone; broken ones may be mended, so they stay."""
    whole = generation.manifest_digest is not None
    return whole and generation.documents == 0 and generation.quarantined == 0


def _drop_all(ledger: Ledger, store: VectorStore, agent: str) -> None:
    store.drop_aliases(aliases_of(ledger.workspace, agent))
    for colour in COLOURS:
        store.drop(collection_name(ledger.workspace, agent, colour))
