"""What is live, made again out of the ledger where Qdrant lost it, or holds something else in its place.

A Qdrant may come back empty, and a ledger from a backup that is older than what Qdrant holds. The
ledger has all that a collection is made of, so nothing is embedded, and no gate is asked again:
they passed on these very points. A pause holds nothing up: what is served stays what it was.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from psycopg.errors import LockNotAvailable

from dagster_kb.publishing.alias_moves import Reconciled, aliases_of
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import ScriptoriumError
from kb_contract.generation import Generation

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class NotMended:
    """An agent that something came in the way of."""

    agent: str
    said: str
    action: Literal["not mended"] = "not mended"


def reconcile(ledger: Ledger, store: VectorStore) -> list[Reconciled | NotMended]:
    """Let every agent serve what the ledger says; run this before writers start."""
    return [_unless_held(ledger, store, agent) for agent in ledger.generations.known_agents()]


def serve_paused_again(
    ledger: Ledger, store: VectorStore, agents: Collection[str]
) -> Iterator[Reconciled | NotMended]:
    """Do the same for agents of which no run comes; tells of those that were not right."""
    for live in ledger.generations.all_live():
        if live.agent_id in agents and _is_astray(ledger, store, live):
            yield _tried(ledger, store, live.agent_id)


def serve_astray_again(ledger: Ledger, store: VectorStore, live: Generation) -> None:
    """Do the same before a run; where names lead as the ledger says, nobody is waited for."""
    if _is_astray(ledger, store, live):
        serve_again(ledger, store, live.agent_id)


def serve_again(ledger: Ledger, store: VectorStore, agent: str) -> Reconciled:
    """Let one agent serve what the ledger says."""
    with ledger.agent_lock(agent):
        return CollectionSync(ledger, store).serve_again(agent)


def _is_astray(ledger: Ledger, store: VectorStore, live: Generation) -> bool:
    now, names = store.aliases(), aliases_of(ledger.workspace, live.agent_id)
    return any(now.get(name) != live.collection for name in names)


def _unless_held(ledger: Ledger, store: VectorStore, agent: str) -> Reconciled | NotMended:
    """As `_tried`, but for an agent that somebody works on: who does puts it right."""
    try:
        return serve_again(ledger, store, agent)
    except LockNotAvailable:
        return Reconciled(agent, "left to who works on it", None)
    except Exception as error:  # noqa: BLE001 - others are served again all the same
        return _not_mended(ledger, store, agent, error)


def _tried(ledger: Ledger, store: VectorStore, agent: str) -> Reconciled | NotMended:
    try:
        return serve_again(ledger, store, agent)
    except LockNotAvailable:
        return NotMended(agent, "somebody else has worked on it for longer than is waited")
    except Exception as error:  # noqa: BLE001 - others are served again all the same
        return _not_mended(ledger, store, agent, error)


def _not_mended(ledger: Ledger, store: VectorStore, agent: str, error: Exception) -> NotMended:
    """One agent's trouble holds up no other; a server that is away is everybody's."""
    store.aliases()
    ledger.generations.live(agent)
    is_told = isinstance(error, ScriptoriumError)
    _log.warning("%s is not mended: %s", agent, error, exc_info=None if is_told else error)
    return NotMended(agent, str(error))
