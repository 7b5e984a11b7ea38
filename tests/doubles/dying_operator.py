"""An operator's command in a process of its own that kills itself (SIGKILL) at a chosen call."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.ledger_aliases import AliasLedger
from dagster_kb.resources.ledger_incidents import IncidentLedger
from dagster_kb.resources.ledger_tombstones import TombstoneLedger
from dagster_kb.resources.ledger_ways_back import WayBackLedger
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.upkeep.hot_deletion import HotDeletion
from tests.doubles.dying_writer import Death, Place, _context

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
    process = _context().Process(target=obey_and_die, args=(place, order, death))
    process.start()
    process.join(timeout=60)
    assert process.exitcode is not None, "the operator hangs"
    return process.exitcode


def obey_and_die(place: Place, order: Order, death: Death | None) -> None:
    """Obey in this process; the exit code says how it ended."""
    from dagster_kb.resources.ledger import open_ledger
    from tests.doubles.hash_embedder import HashEmbedder

    if death:
        die(death)
    ledger, store = open_ledger(place.database_url, "default"), VectorStore(place.qdrant_url)
    if order.delete:
        HotDeletion(ledger, store).delete(order.delete, reason="a name in it", by="operator")
    else:
        WayBack(ledger, store, HashEmbedder()).roll_back(
            place.agent, order.to, reason="wrong words", by="operator"
        )
    os._exit(0)


def die(death: Death) -> None:
    """Arrange this process's death."""
    owner, name = CALLS[death.call]
    real: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        now = calls == death.nth
        if now and death.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*args, **kwargs)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, deadly)
