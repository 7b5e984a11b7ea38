"""An operator's command in a process of its own that kills itself (SIGKILL) at a chosen call."""

import os
from dataclasses import dataclass

from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.ledger_aliases import AliasLedger
from dagster_kb.resources.ledger_incidents import IncidentLedger
from dagster_kb.resources.ledger_tombstones import TombstoneLedger
from dagster_kb.resources.ledger_ways_back import WayBackLedger
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.upkeep.hot_deletion import HotDeletion
from tests.doubles.dying_writer import Place
from tests.doubles.sudden_death import Death, begun, die_at, exit_code

CALLS: dict[str, tuple[type, str]] = {
    "pause": (IncidentLedger, "pause"),
    "open incident": (IncidentLedger, "open"),
    "mark colour": (AliasLedger, "mark"),
    "recreate collection": (VectorStore, "recreate"),
    "write points": (VectorStore, "write"),
    "delete points": (VectorStore, "delete"),
    "stamp": (VectorStore, "stamp"),
    "move alias": (VectorStore, "point_aliases"),
    "go back": (WayBackLedger, "go_back"),
    "end": (WayBackLedger, "ended"),
    "bury": (TombstoneLedger, "bury"),
    "add facts": (IncidentLedger, "add_facts"),
}


@dataclass(frozen=True)
class Order:
    """What the operator types: a rollback, or the deletion of a point."""

    to: int | None = None
    delete: str | None = None


def run(place: Place, order: Order, death: Death | None = None) -> int:
    """Run it in a process of its own; returns its exit code (-9 when it was killed)."""
    return exit_code(begun(obey_and_die, place, order, death))


def obey_and_die(place: Place, order: Order, death: Death | None) -> None:
    """Obey in this process; the exit code says how it ended."""
    from dagster_kb.resources.ledger import open_ledger
    from tests.doubles.hash_embedder import HashEmbedder

    if death:
        die_at(death, CALLS)
    ledger, store = open_ledger(place.database_url, "default"), VectorStore(place.qdrant_url)
    if order.delete:
        HotDeletion(ledger, store).delete(order.delete, reason="a name in it", by="operator")
    else:
        WayBack(ledger, store, HashEmbedder()).roll_back(
            place.agent, order.to, reason="wrong words", by="operator"
        )
    os._exit(0)
