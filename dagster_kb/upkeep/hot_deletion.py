"""Delete a chunk by hand, at once and everywhere: what must not be read any more."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from dagster_kb.publishing.alias_moves import WHAT_IS_LEFT, reconcile_agent
from dagster_kb.publishing.collection_audit import CollectionAudit
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_database import Row
from dagster_kb.resources.ledger_tombstones import Burial, Words
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.errors import BadInput, GateRefused
from kb_contract.generation import Generation
from kb_contract.identifiers import COLOURS, collection_name

HOTFIX: Final = "hotfix"
_NAMED: Final = 50


@dataclass(frozen=True)
class Deleted:
    """What a deletion by hand did."""

    agent: str
    """Whose chunk was named."""
    now: str
    """What that agent's folder is called now."""
    names: tuple[str, ...]
    """All that it was ever called: the words are gone from each."""
    chunk_ids: tuple[str, ...]
    """The chunk that was named, and others of the agent that say all of it."""
    path: str
    collections: tuple[str, ...]
    generations: int
    purged: int
    vectors: int
    also_in: tuple[dict[str, str], ...]
    """Other agents' chunks with the same words: they are not touched."""
    overlapping: tuple[dict[str, str], ...]
    """Chunks of the same documents that may have part of the words."""
    answers: tuple[str, ...]
    """Answers that quoted it."""
    incident: int


@dataclass(frozen=True)
class HotDeletion:
    """Takes words out of what is served and out of what is kept, and keeps them out."""

    ledger: Ledger
    store: VectorStore

    def delete(self, point_id: str, *, reason: str, by: str, agent: str | None = None) -> Deleted:
        """Delete a point by its id; run again, it goes on where it was stopped.

        First the ledger, in one transaction: readers quote what the ledger lists, so from then on
        nobody quotes it. Then every collection of the agent, then a look at each.
        """
        chunk = _uuid(point_id)
        done, names = None, list[str]()
        # The folder may get another name while locks are waited for, and until the words are buried.
        while done is None or self._line(chunk, agent) != names:
            names = self._line(chunk, agent)
            with self._locked(names):
                if self._line(chunk, agent) != names:
                    continue
                before, done = done, self._delete_under(names, chunk, reason=reason, by=by)
            if before and before.incident != done.incident:
                self.ledger.incidents.close(before.incident, by)
        return done

    def _line(self, chunk: UUID, agent: str | None) -> list[str]:
        return self.ledger.names.line(self._words(chunk, agent).agent)

    def _delete_under(
        self, names: Sequence[str], chunk: UUID, *, reason: str, by: str
    ) -> Deleted:  # fmt: skip
        """Delete the words under every name of the folder; the caller holds their locks."""
        words = self._words(chunk, None)
        for name in names:
            reconcile_agent(self.ledger, self.store, name)
        incident = self._open(words, reason=reason, by=by)
        # With every name that its folder got since.
        self.ledger.incidents.pause(words.agent, f"a chunk was deleted: {reason}", by)
        burial = self.ledger.tombstones.bury(words, names, reason=reason, by=by, incident=incident)
        collections = [
            one for name in names for one in self._deleted_from(name, list(burial.chunk_ids))
        ]
        for name in names:
            self._look_again(name)
        return self._told(words, names, burial, tuple(collections), incident)

    @contextmanager
    def _locked(self, names: Sequence[str]) -> Generator[None]:
        """Hold the locks of all names, taken in one order."""
        with ExitStack() as held:
            for name in sorted(names):
                held.enter_context(self.ledger.agent_lock(name))
            yield

    def _words(self, chunk: UUID, agent: str | None) -> Words:
        words = self.ledger.tombstones.words_of(chunk)
        if words is None:
            raise BadInput(
                f"no generation of any agent has the point {chunk}",
                cure="take the id of a citation (`chunk_id`), or of the point in Qdrant",
            )
        if agent is not None and agent not in self.ledger.names.line(words.agent):
            raise BadInput(
                f"the point {chunk} belongs to {words.agent!r}, not to {agent!r}",
                cure=f"--agent {words.agent}, or leave it out",
            )
        return words

    def _open(self, words: Words, *, reason: str, by: str) -> int:
        now = self.ledger.names.now(words.agent)
        called = "" if now == words.agent else f" (its folder is called {now} now)"
        return self.ledger.incidents.open(
            now, HOTFIX,
            f"chunk {words.chunk} of {words.path}{called} was deleted by hand: {reason}",
            f"take the words out of {words.path}{called} and commit, then `kb resume {now}` and "
            f"`kb ingest --agent {now}`: the run that finds nothing of the chunk in git closes this. "
            f"{WHAT_IS_LEFT}",
            facts={"path": words.path, "git_sha": words.git_sha, "chunk_id": str(words.chunk),
                   "text_sha256": words.text_sha256, "reason": reason},
            by=by,
        )  # fmt: skip

    def _deleted_from(self, agent: str, chunk_ids: list[str]) -> tuple[str, ...]:
        """Delete the points from both colours, and from any copy that has the agent's name."""
        own = {collection_name(self.ledger.workspace, agent, one) for one in COLOURS}
        prefix = collection_name(self.ledger.workspace, agent, "blue").removesuffix("blue")
        there = {one for one in self.store.collections() if one.startswith(prefix)}
        for collection in sorted(there):
            with self.ledger.fences.guard(agent):
                self.store.delete(collection, chunk_ids)
            if left := self.store.some(collection, chunk_ids, payloads=False):
                raise GateRefused(
                    f"{collection} still has {len(left)} of the points", where=agent,
                    cure="run it again; if it stays so, look at Qdrant's log",
                )  # fmt: skip
        return tuple(sorted(there & own))

    def _look_again(self, agent: str) -> None:
        """Say that its colours are whole again, and count the words of what is served anew.

        What is not as the manifest says was not so before either: the inactive colour is mended
        by the next run, and of the live one a person is told.
        """
        audit = CollectionAudit(self.ledger, self.store)
        for colour in self.ledger.aliases.colours(agent):
            if colour["generation_id"] is None or not self.store.describe(colour["collection"]):
                continue
            generation = self.ledger.generations.by_id(colour["generation_id"])
            found = audit.whole(generation, colour["collection"])
            if found.exact:
                seal = audit.sealed(generation, colour["collection"], found)
                self.ledger.aliases.mark(generation, colour["colour"], "clean", seal)
            elif generation.state == "live" and colour["colour"] == generation.colour:
                raise self._not_whole(generation, found.description)
            self.ledger.terms.count(generation)

    def _not_whole(self, generation: Generation, found: str) -> GateRefused:
        agent = generation.agent_id
        before = self.ledger.ways_back.previous(agent, generation.number)
        way = f"`kb rollback {agent} --to {before.number}`, or " if before else ""
        return GateRefused(
            f"the chunk is deleted, but {generation.collection} is not what it should be: {found}",
            where=agent,
            cure=f"{way}`kb resume {agent}` and ingest: it is built anew in the other colour",
        )

    def _told(
        self, words: Words, names: Sequence[str], burial: Burial, collections: tuple[str, ...],
        incident: int,
    ) -> Deleted:  # fmt: skip
        """Tell what was done, and add it to the incident."""
        answers = self.ledger.tombstones.quoted_by(names, burial.chunk_ids)
        quoted = [str(one["answer_id"]) for one in answers]
        done = Deleted(
            agent=words.agent, now=self.ledger.names.now(words.agent), names=tuple(names),
            chunk_ids=burial.chunk_ids, path=words.path,
            collections=collections, generations=burial.generations, purged=burial.purged,
            vectors=burial.vectors, also_in=_places(burial.others),
            overlapping=_places(burial.beside), answers=tuple(quoted), incident=incident,
        )  # fmt: skip
        found: dict[str, Any] = {
            "chunk_ids": list(done.chunk_ids),
            "names": list(names),
            "answers": quoted[:_NAMED],
            "also_in": list(done.also_in),
            "overlapping": list(done.overlapping),
            "collections": list(collections),
        }
        # A second run finds nothing left to count, so what the first one counted stays.
        counted = {"generations": burial.generations, "purged": burial.purged,
                   "vectors": burial.vectors} if burial.generations or burial.purged else {}  # fmt: skip
        self.ledger.incidents.add_facts(incident, {**found, **counted})
        return done


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise BadInput(
            f"{text!r} is no id of a point", cure="ids are UUIDs, as a citation's `chunk_id`"
        ) from error


def _places(rows: list[Row]) -> tuple[dict[str, str], ...]:
    """Name chunks; `agent` where it is another one's."""
    return tuple(
        {key: str(row[key]) for key in ("agent_id", "chunk_id", "path") if key in row}
        for row in rows[:_NAMED]
    )
