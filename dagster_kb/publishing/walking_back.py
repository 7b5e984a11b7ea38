"""One walk back: the other colour is made to hold the generation, then the names move."""

from typing import Final

from dagster_kb.gates.whole import has_points, keeps_contract, same_space
from dagster_kb.publishing.alias_moves import is_served, point_names
from dagster_kb.publishing.collection_audit import CollectionAudit, stands
from dagster_kb.publishing.collection_sync import CollectionSync
from dagster_kb.publishing.colour_sync import Synced, SyncTask
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_ways_back import Return
from dagster_kb.resources.vector_store import VectorStore
from dagster_kb.telemetry import Stages
from kb_contract.errors import GateRefused, ScriptoriumError, Unavailable
from kb_contract.generation import Generation

_SAMPLE: Final = 64


def walk(ledger: Ledger, store: VectorStore, way: Return) -> tuple[Generation, Synced]:
    """Make the other colour hold the target, ask the gates again, and move the names."""
    agent = way.target.agent_id
    synced = _held(ledger, store, way) or CollectionSync(ledger, store).bring(
        way.target, way.colour, look="always"
    )
    _ask_again(ledger, store, way.target, synced)
    point_names(ledger, store, agent, synced.collection)
    # What was counted of it may be gone: readers weigh words by it.
    ledger.terms.count(way.target)
    now = ledger.ways_back.go_back(way)
    if not is_served(ledger, store, now):
        raise GateRefused(
            f"generation {now.number} is live, and {now.collection} is not what is served",
            where=agent, cure=f"`kb verify {agent}` says what is wrong; then roll back again",
        )  # fmt: skip
    return now, synced


def _held(ledger: Ledger, store: VectorStore, way: Return) -> Synced | None:
    """Look whether the colour holds the target already: by stamp, count and a sample.

    What that costs does not grow with what it holds.
    """
    known = ledger.aliases.colour(way.target.agent_id, way.colour)
    is_there = known is not None and known["generation_id"] == way.target.generation_id
    if known is None or not is_there or way.target.colour != way.colour:
        return None
    collection = str(known["collection"])
    there = store.describe(collection)
    # One made otherwise can only be made anew, and that not while it is served.
    as_wanted = SyncTask(ledger, store, Stages(), way.target, way.colour).fits(there)
    if not as_wanted or not stands(known, there):
        return None
    found = CollectionAudit(ledger, store).now(way.target, collection)
    if not found.exact:
        return None
    return Synced(
        way.colour, collection, recreated=False, written=0, deleted=0, kept=way.target.chunks,
        audit=found,
    )  # fmt: skip


def made_sure(
    ledger: Ledger, store: VectorStore, now: Generation, synced: Synced | None, incident: int
) -> int:  # fmt: skip
    """Look at every point of what is served again, and mend what differs; returns how many.

    It lay idle, where nobody asks, and a sample may miss an edited one. Readers wait for no look.
    The way back ends here, also where something cannot be mended: trying again would not help.
    """
    agent, written = now.agent_id, 0
    if now.colour and (synced is None or synced.audit.way == "stamp"):
        try:
            mended = CollectionSync(ledger, store).bring(now, now.colour, look="always")
        except Unavailable:
            raise
        except ScriptoriumError as error:
            # One that is late is told that instead.
            with ledger.fences.guard(agent):
                ledger.ways_back.ended(incident)
                raise GateRefused(
                    f"generation {now.number} is live, and cannot be made what it was: {error}",
                    where=agent,
                    cure=f"mend the source in git, `kb resume {agent}` and ingest: it is built anew",
                ) from error
        point_names(ledger, store, agent, mended.collection)
        written = mended.written
    ledger.ways_back.ended(incident)
    return written


def _ask_again(ledger: Ledger, store: VectorStore, target: Generation, synced: Synced) -> None:
    """Repeat what the collection itself must hold; that it is exact was looked at just now.

    Not the golden questions: they passed on these very points.
    """
    held = ledger.aliases.colour(target.agent_id, synced.colour)
    there = store.dimension(synced.collection)
    found = [
        keeps_contract([one.payload for one in store.sample(synced.collection, _SAMPLE)]),
        has_points(store.count(synced.collection), target.documents),
        same_space(target.space, held["space"] if held else None, there),
    ]
    if failed := [one.description for one in found if not one.passed]:
        raise GateRefused(
            f"generation {target.number} may not go live again: {'; '.join(failed)}",
            where=target.agent_id,
            cure=f"`git revert` to {target.git_sha[:12]}, `kb resume` and ingest: it is built anew",
        )
