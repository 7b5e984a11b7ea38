"""What a collection really holds, held against the manifest of a generation.

The cost follows the change. A colour that was looked at whole (every id, every payload's digest)
has a random stamp, in the ledger and on the collection itself. While both stamps are equal, the
exact count is right and the ledger says `clean`, it holds what the ledger says; then only what was
written since, what was deleted since, and a random sample of the rest are looked at. Each writing
ends in a new stamp. Anything else leads to another whole look: no stamp, another one, another
count, a point of the sample that is not what it should be, one asked for, or one that is due.

So a collection that was dropped and made again, restored from a copy, or edited by hand in a way
that changes count or stamp is noticed at once. A payload that somebody edits silently, with the
count as before, is noticed by the sample or by the next whole look: the nightly run takes
one when the last is old; `force`, `kb verify` and each way back always do. Vectors are not compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import uuid4

from dagster_kb.batching import batches
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_aliases import Seal
from dagster_kb.resources.ledger_database import Row
from dagster_kb.resources.vector_store import BATCH, Description, StoredPoint, VectorStore
from kb_contract.generation import Generation
from kb_contract.identifiers import sha256_json

Look = Literal["when in doubt", "when due", "always"]
"""When every point is looked at, though nothing speaks against what the ledger says."""
SAMPLE: Final = 64
# Up to here a sample is all of it.
SMALL: Final = 256
_NAMED: Final = 10


@dataclass(frozen=True)
class Audit:
    """What a look found."""

    way: Literal["whole", "difference", "stamp"]
    wanted: int
    points_read: int
    whole_look_at: datetime | None
    """When every point was last looked at; None: just now, as part of this look."""
    missing: Sequence[str] = ()
    strange: Sequence[str] = ()
    changed: Sequence[str] = ()
    count: int | None = None
    """What the collection counts, where it is not what is wanted."""

    @property
    def exact(self) -> bool:
        return not (self.missing or self.strange or self.changed) and self.count is None

    @property
    def description(self) -> str:
        if self.exact:
            return f"exactly the {self.wanted} chunks ({_WAYS[self.way]})"
        counted = "" if self.count is None else f", {self.count} points counted"
        return (f"{len(self.missing)} missing, {len(self.strange)} strange and "
                f"{len(self.changed)} changed points of {self.wanted}{counted} → ingest again: "
                "what differs is mended")  # fmt: skip

    def facts(self) -> dict[str, Any]:
        named = [*self.missing[:_NAMED], *self.strange[:_NAMED], *self.changed[:_NAMED]]
        when = self.whole_look_at.isoformat(timespec="seconds") if self.whole_look_at else "now"
        return {
            "wanted": self.wanted,
            "missing": len(self.missing),
            "strange": len(self.strange),
            "changed": len(self.changed),
            "looked_at": self.way,
            "points_read": self.points_read,
            "whole_look_at": when,
            **({"for_example": named} if named else {}),
        }


_WAYS: Final = {
    "whole": "every point was looked at",
    "difference": "what was written and deleted was looked at, and a sample of the rest",
    "stamp": "count and stamp are the ones of the last look, and a sample was looked at",
}


def compare(wanted: Iterable[tuple[str, str]], held: Iterable[StoredPoint]) -> Audit:
    """Pure: go along both, which are in the order of ids; neither is ever in memory whole."""
    missing: list[str] = []
    strange: list[str] = []
    changed: list[str] = []
    manifest = _Counted(iter(wanted))
    read = 0
    due = next(manifest, None)
    for point in held:
        read += 1
        while due and due[0] < point.chunk_id and _is_ours(point.chunk_id):
            missing.append(due[0])
            due = next(manifest, None)
        if not due or due[0] != point.chunk_id:
            strange.append(point.chunk_id)
            continue
        if sha256_json(point.payload) != due[1]:
            changed.append(point.chunk_id)
        due = next(manifest, None)
    if due:
        missing += [due[0], *(one for one, _ in manifest)]
    return Audit("whole", manifest.seen, read, None, missing, strange, changed)


def stands(known: Row | None, there: Description | None) -> bool:
    """Pure: whether the ledger knows what the collection holds, and it is that very collection."""
    if known is None or there is None or known["state"] != "clean":
        return False
    if known["generation_id"] is None or known["ids_digest"] != known["manifest_digest"]:
        return False
    return known["stamp"] is not None and known["stamp"] == there.stamp


def is_due(known: Row | None, look: Look) -> bool:
    """Pure: whether a whole look is wanted though nothing speaks against the ledger."""
    if look != "when due":
        return look == "always"
    return known is None or known["is_due"]


def look_of(run_config: Mapping[str, Any]) -> Look:
    """Pure: how much a run wants to see: one that was forced all, the nightly one what is due."""
    asked = run_config.get("ops", {}).get("parsed_documents", {}).get("config", {})
    return wanted_look(force=bool(asked.get("force")), deep=bool(asked.get("deep")))


def wanted_look(*, force: bool, deep: bool) -> Look:
    """Pure: the same, of the request itself."""
    if force:
        return "always"
    return "when due" if deep else "when in doubt"


@dataclass(frozen=True)
class CollectionAudit:
    """Looks at collections; writes nothing but the stamp."""

    ledger: Ledger
    store: VectorStore

    def whole(self, generation: Generation, collection: str) -> Audit:
        """Look at every point."""
        with self.ledger.manifests.by_id(generation) as wanted:
            return compare(wanted, self.store.points(collection, payloads=True))

    def written(
        self, generation: Generation, collection: str, written: Iterable[str],
        gone: Sequence[str], whole_look_at: datetime | None,
    ) -> Audit:  # fmt: skip
        """Look at what was just written and deleted, at the count, and at some of the rest."""
        tally = _Tally()
        for batch in batches(written, BATCH):
            self._look(collection, self.ledger.manifests.of_ids(generation, batch), tally)
        for batch in batches(gone, BATCH):
            left = self.store.some(collection, batch, payloads=False)
            tally.strange += [one.chunk_id for one in left]
            tally.read += len(left)
        self._look(collection, self.ledger.manifests.sample(generation, SAMPLE), tally)
        return self._told("difference", generation, collection, tally, whole_look_at)

    def now(
        self, generation: Generation, collection: str, *, whole: bool = False,
        there: Description | None = None,
    ) -> Audit:  # fmt: skip
        """Say whether the collection holds exactly the generation; cheaply, when that is known.

        `there` is what the collection says of itself, where somebody just asked.
        """
        colour = generation.colour
        known = self.ledger.aliases.colour(generation.agent_id, colour) if colour else None
        if whole or known is None or known["generation_id"] != generation.generation_id:
            return self.whole(generation, collection)
        if not stands(known, there or self.store.describe(collection)):
            return self.whole(generation, collection)
        found = self._sampled(generation, collection, known["verified_at"])
        return found if found.exact else self.whole(generation, collection)

    def sealed(self, generation: Generation, collection: str, found: Audit) -> Seal:
        """Put a new stamp on the collection; the caller holds the lock and tells the ledger."""
        stamp = uuid4().hex
        with self.ledger.fences.guard(generation.agent_id):
            self.store.stamp(collection, stamp)
        return Seal(stamp, found.whole_look_at, found.facts())

    def _sampled(
        self, generation: Generation, collection: str, whole_look_at: datetime | None
    ) -> Audit:
        tally = _Tally()
        if generation.chunks > SMALL:
            self._look(collection, self.ledger.manifests.sample(generation, SAMPLE), tally)
        else:
            with self.ledger.manifests.by_id(generation) as wanted:
                self._look(collection, dict(wanted), tally)
        return self._told("stamp", generation, collection, tally, whole_look_at)

    def _look(self, collection: str, wanted: Mapping[str, str], tally: "_Tally") -> None:
        if not wanted:
            return
        there = {one.chunk_id: one.payload
                 for one in self.store.some(collection, list(wanted), payloads=True)}  # fmt: skip
        tally.read += len(there)
        tally.missing += [one for one in wanted if one not in there]
        tally.changed += [one for one, digest in wanted.items()
                          if one in there and sha256_json(there[one]) != digest]  # fmt: skip

    def _told(
        self, way: Literal["difference", "stamp"], generation: Generation, collection: str,
        tally: "_Tally", whole_look_at: datetime | None,
    ) -> Audit:  # fmt: skip
        count = self.store.count(collection)
        return Audit(
            way, generation.chunks, tally.read, whole_look_at,
            tally.missing, tally.strange, tally.changed,
            count if count != generation.chunks else None,
        )  # fmt: skip


@dataclass
class _Tally:
    """What a look has found so far."""

    read: int = 0
    missing: list[str] = field(default_factory=list[str])
    strange: list[str] = field(default_factory=list[str])
    changed: list[str] = field(default_factory=list[str])


@dataclass
class _Counted:
    """A stream that knows how much of it was taken."""

    rows: Iterator[tuple[str, str]]
    seen: int = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return self

    def __next__(self) -> tuple[str, str]:
        one = next(self.rows)
        self.seen += 1
        return one


def _is_ours(point_id: str) -> bool:
    """Our ids are UUIDs; numbers, which somebody else wrote, come before them."""
    return not point_id.isdecimal()
