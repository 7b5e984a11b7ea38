"""What is served: the swap, the way back to what the ledger says, and the end of an agent."""

from collections.abc import Generator, Sequence, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Literal

from dagster_kb.publishing.collection_audit import stands
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import COLOURS, collection_name, plain_alias, production_alias

# Of a chunk that was deleted for some words nobody but a person knows which; so all of it waits.
WHAT_IS_LEFT: Final = (
    "What else it said is kept out as well: where only that is left in git and may be read, say "
    "so (`kb incidents close ID --serve-the-rest`) and ingest with `--force`"
)
NOT_WHAT_IT_WAS: Final = "not what it was"


@dataclass(frozen=True)
class Reconciled:
    """What reconciling an agent found and did."""

    agent: str
    action: Literal[
        "right", "moved back", "removed", "not what it was", "made again", "left to who works on it"
    ]
    collection: str | None


def aliases_of(workspace: str, agent: str) -> tuple[str, str]:
    """Both names that an agent's live collection has."""
    return production_alias(workspace, agent), plain_alias(workspace, agent)


def is_served(
    ledger: Ledger, store: VectorStore, generation: Generation, *, names: Sequence[str] = ()
) -> bool:
    """Whether the aliases, or all these names, point to its collection, and that is not cut short."""
    if not generation.collection:
        return False
    now = store.aliases()
    names = names or aliases_of(ledger.workspace, generation.agent_id)
    if any(now.get(name) != generation.collection for name in names):
        return False
    return store.count_if_there(generation.collection) == generation.chunks


def names_of(ledger: Ledger, store: VectorStore, agent: str) -> list[str]:
    """Every alias that moves with an agent.

    Its own, those of the names that it had before, while their grace lasts, and any other that
    leads to a collection of it: none stays on a colour that is written next, unchecked.
    """
    names = (agent, *ledger.names.to_serve(agent))
    own = [one for name in names for one in aliases_of(ledger.workspace, name)]
    return [*own, *sorted(_leading_to(ledger, store, agent) - {*own})]


def _leading_to(ledger: Ledger, store: VectorStore, agent: str) -> set[str]:
    mine = [collection_name(ledger.workspace, agent, colour) for colour in COLOURS]
    return {alias for alias, collection in store.aliases().items() if collection in mine}


def point_names(
    ledger: Ledger, store: VectorStore, agent: str, collection: str, *, former: str = ""
) -> None:
    """Point every name of an agent at a collection in one call; the caller holds the lock.

    What led to a `former` name that ended follows too.
    """
    with ledger.names_lock():
        _point_names(ledger, store, agent, collection, former)


def _point_names(
    ledger: Ledger, store: VectorStore, agent: str, collection: str, former: str = ""
) -> None:
    left = _leading_to(ledger, store, former) if former else set[str]()
    with ledger.fences.guard(agent):
        store.point_aliases(sorted({*names_of(ledger, store, agent), *left}), collection)


def _drop_names(ledger: Ledger, store: VectorStore, agent: str) -> None:
    with ledger.names_lock(), ledger.fences.guard(agent):
        store.drop_aliases(names_of(ledger, store, agent))


def swap(ledger: Ledger, store: VectorStore, generation: Generation, dagster_run: str) -> str:
    """Move the aliases, read them back, and say so in the ledger; the caller holds the lock."""
    agent = generation.agent_id
    ledger.incidents.refuse_if_paused(agent)
    if not generation.collection:
        raise GateRefused(
            f"generation {generation.number} lies in no collection",
            where=agent, cure="materialise `collection` first",
        )  # fmt: skip
    broken = generation.quarantined
    status = "DONE_WITH_ERRORS" if broken else "DONE"
    # Until the ledger says that it is live, its name may be taken for one that follows another.
    with _put_right_when_refused(ledger, store, agent), ledger.names_lock():
        _point_names(ledger, store, agent, generation.collection)
        ledger.aliases.go_live(
            generation, dagster_run, status, f"{broken} documents quarantined" if broken else None
        )
    ledger.names.forget(agent)
    settle_deletions(ledger, generation)
    return status


@contextmanager
def _put_right_when_refused(ledger: Ledger, store: VectorStore, agent: str) -> Generator[None]:
    """What the ledger refuses leaves the aliases as they were; where it is a pause, that is said."""
    try:
        yield
    except GateRefused:
        reconcile_agent(ledger, store, agent)
        ledger.incidents.refuse_if_paused(agent)
        raise


def settle_deletions(ledger: Ledger, generation: Generation) -> None:
    """Close what was deleted by hand and is gone from git now; tell of what came back."""
    agent = generation.agent_id
    _, back = ledger.tombstones.settle(agent, generation.generation_id, by="writer")
    for one in back:
        incident = ledger.incidents.open(
            agent, "deleted_text_is_back",
            f"git says again what was deleted by hand as {one['chunk_id']}, or some of it: it is "
            "not served",
            f"take it out of {one['path']} and commit; what must be served has to be worded anew. "
            f"{WHAT_IS_LEFT}",
            facts={"path": one["path"], "text_sha256": one["text_sha256"]},
            generation_id=generation.generation_id, by="writer",
        )  # fmt: skip
        ledger.tombstones.told_in(one["tombstone_id"], incident)


def reconcile_agent(ledger: Ledger, store: VectorStore, agent: str) -> Reconciled:
    """Put one agent's aliases where the ledger says; the caller holds the agent's lock.

    What is not known to hold what is live gets no alias: it may be gone, or half written.
    """
    live = ledger.generations.live(agent)
    if live is None and _follows_another(ledger, agent):
        return Reconciled(agent, "right", None)
    names = names_of(ledger, store, agent)
    now = store.aliases()
    wanted = live.collection if live else None
    if all(now.get(name) == wanted for name in names):
        return Reconciled(agent, "right", wanted)
    why = "a writer stopped between the alias and the ledger, or somebody else moved it"
    if wanted is None or live is None:
        _drop_names(ledger, store, agent)
        ledger.aliases.moved(agent, None, moved_by="reconcile", reason=why)
        return Reconciled(agent, "removed", None)
    if wanted not in now.values() and not _is_held(ledger, store, live):
        return Reconciled(agent, NOT_WHAT_IT_WAS, wanted)
    point_names(ledger, store, agent, wanted)
    ledger.aliases.moved(
        agent, wanted, moved_by="reconcile", reason=why, generation_id=live.generation_id
    )
    return Reconciled(agent, "moved back", wanted)


def _is_held(ledger: Ledger, store: VectorStore, live: Generation) -> bool:
    """Whether the collection is the very one that was seen to hold it."""
    if live.colour is None or live.collection is None:
        return False
    known = ledger.aliases.colour(live.agent_id, live.colour)
    is_its = known is not None and known["generation_id"] == live.generation_id
    return is_its and stands(known, store.describe(live.collection))


def retire(ledger: Ledger, store: VectorStore, agent: str, reason: str) -> None:
    """End an agent at once, with all that it was made of but its history."""
    with ledger.agent_lock(agent):
        ledger.names.end(agent, reason)
    drop(ledger, store, agent)


def end(ledger: Ledger, store: VectorStore, agent: str, reason: str) -> None:
    """Stop serving an agent: first the ledger, so that nobody answers from it, then the aliases.

    What it was made of stays for a grace: a folder that comes back costs little. The aliases of
    one that was renamed follow its successor meanwhile.
    """
    with ledger.agent_lock(agent):
        ledger.names.end(agent, reason)
    hand_on_names(ledger, store, agent)


def hand_on_names(ledger: Ledger, store: VectorStore, agent: str) -> None:
    """Let the aliases of an agent that ended go, or follow its later name; again after a death between.

    Whose they are is asked under the locks: while these are waited for, a later name may go live,
    or the folder get another one.
    """
    line = ledger.names.after(agent)
    with _locks(ledger, {*line}):
        if line == ledger.names.after(agent):
            _hand_on_names(ledger, store, agent, line)
            return
    hand_on_names(ledger, store, agent)


def _hand_on_names(ledger: Ledger, store: VectorStore, agent: str, line: Sequence[str]) -> None:
    heir = _heir(ledger, line)
    if heir is None:
        _drop_names(ledger, store, agent)
    elif heir.agent_id != agent and heir.collection:  # else it came back: they are its own again
        point_names(ledger, store, heir.agent_id, heir.collection, former=agent)


def _heir(ledger: Ledger, line: Sequence[str]) -> Generation | None:
    """Return the first name that is served: a folder may be renamed again before its first name ends."""
    return next((live for one in line if (live := ledger.generations.live(one))), None)


def led_to(ledger: Ledger, agent: str) -> Generation | None:
    """Return what the names of an agent lead to: what is live of it, or of the name that they follow."""
    heir = _heir(ledger, ledger.names.after(agent))
    if heir is None or heir.agent_id == agent:
        return heir
    return heir if agent in ledger.names.to_serve(heir.agent_id) else None


@contextmanager
def _locks(ledger: Ledger, agents: Set[str]) -> Generator[None]:
    """Whoever takes several takes them in one order, so that no two wait for each other."""
    with ExitStack() as held:
        for agent in sorted(agents):
            held.enter_context(ledger.agent_lock(agent))
        yield


def drop(ledger: Ledger, store: VectorStore, agent: str) -> bool:
    """Drop what an agent that ended was made of; False when it is served or built again."""
    with ledger.agent_lock(agent):
        if ledger.generations.live(agent) or ledger.generations.unfinished(agent):
            return False
        _drop_all(ledger, store, agent)
        ledger.names.dropped(agent)
    return True


def withdraw(ledger: Ledger, store: VectorStore, generation: Generation, dagster_run: str) -> None:
    """Stop serving an agent of which nothing is published; the caller holds the lock.

    What it was made of stays for the grace, as when its folder is gone.
    """
    agent = generation.agent_id
    if generation.state != "retired":
        reason = f"nothing is published at {generation.git_sha[:12]}: it is not served"
        with _put_right_when_refused(ledger, store, agent):
            ledger.aliases.withdraw(generation, dagster_run, reason)
    elif ledger.generations.live(agent):
        return
    settle_deletions(ledger, generation)
    _drop_names(ledger, store, agent)


def is_withdrawn(generation: Generation) -> bool:
    """Whether it ended without ever being live, because nothing of it is published."""
    whole = generation.manifest_digest is not None
    return whole and generation.state == "retired" and generation.documents == 0


def serves_nothing(ledger: Ledger, generation: Generation) -> bool:
    """Whether its documents are all unpublished or gone.

    One that is served and broken may be mended, so it stays; what never was served holds nothing up.
    """
    if generation.manifest_digest is None or generation.documents:
        return False
    if generation.quarantined == 0 or is_withdrawn(generation):
        return True
    live = ledger.generations.live(generation.agent_id)
    return live is not None and not ledger.documents.breaks_what_is_served(generation, live)


def _drop_all(ledger: Ledger, store: VectorStore, agent: str) -> None:
    _drop_names(ledger, store, agent)
    for colour in COLOURS:
        with ledger.fences.guard(agent):
            store.drop(collection_name(ledger.workspace, agent, colour))


def _follows_another(ledger: Ledger, agent: str) -> bool:
    """Whether the agent's names belong to its successor now, which puts them right itself."""
    renamed = ledger.names.successor(agent)
    return renamed is not None and agent in ledger.names.to_serve(str(renamed["agent_id"]))
