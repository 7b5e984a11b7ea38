"""What the gates look at, fetched from the ledger, the vector store, git and the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dagster_kb.gates.evidence import (
    Asked,
    Family,
    Passage,
    Quoted,
    QuotedDocument,
    Size,
    Suspects,
    Twins,
)
from dagster_kb.gates.scanning import SCAN_VERSION
from dagster_kb.gates.verdicts import Json, Payload, Verdict
from dagster_kb.intake.document_texts import DocumentTexts
from dagster_kb.publishing.collection_audit import Audit, CollectionAudit
from dagster_kb.publishing.collection_questions import CollectionQuestions
from dagster_kb.publishing.scanned_passages import ScannedPassages
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import Description
from kb_contract.agent_manifest import GoldenSet
from kb_contract.generation import Generation

_SAMPLE = 64
_SCANS = ("no_secrets", "no_personal_data", "no_injection")


@dataclass(frozen=True)
class CollectionEvidence(CollectionQuestions):
    """The evidence about one generation and the collection that holds it."""

    texts: DocumentTexts

    def sample(self) -> Sequence[Payload]:
        return [one.payload for one in self.store.sample(self.collection, _SAMPLE)]

    def count(self) -> int:
        return self.store.count(self.collection)

    def exactness(self) -> Verdict:
        audit = CollectionAudit(self.ledger, self.store)
        return exactly(audit.now(self.generation, self.collection, there=self._there))

    def spaces(self) -> tuple[Json, Json | None, int | None]:
        """Wanted space, the space that the colour was written in, and the stored dimension."""
        colour = self.generation.colour
        held = self.ledger.aliases.colour(self.generation.agent_id, colour) if colour else None
        clean = held is not None and held["state"] == "clean"
        return (
            self.generation.space,
            held["space"] if held and clean else None,
            self._there.dimension if self._there else None,
        )

    def golden_of_live(self) -> Sequence[Asked] | None:
        live = self.before
        if live is None or not live.collection or live.space != self.generation.space:
            return None
        if live.state != "live":  # its collection may hold something else by now
            return None
        return self.asked_of(live, live.collection)

    def golden_before(self) -> int:
        live = self.before
        if live is None:
            return 0
        kept = self.ledger.generations.golden(live.generation_id)
        return len(GoldenSet.model_validate(kept).questions)

    def agent_of_live(self) -> str:
        return self.before.agent_id if self.before else self.agent()

    def size(self) -> Size:
        return _size(self.generation)

    def size_of_live(self) -> Size | None:
        return _size(self.before) if self.before else None

    def suspects(self, family: Family) -> Suspects:
        """Of what was never asked about: all of it when the patterns or agent.yaml changed."""
        return self._passages.suspects(family)

    def line(self, passage: Passage, offset: int) -> int | None:
        """In the file; None where the format has no lines."""
        if passage.path not in self._lines:
            rows = {one.path: False for one in [passage]}
            self._lines.update(self.texts.read(self.generation, rows))
        text = self._lines[passage.path]
        place = passage.start + offset
        if text is None or text[passage.start : passage.end] != passage.text:
            return None
        return text.count("\n", 0, place) + 1

    def twins(self) -> Twins:
        return self.ledger.passages.twins(self.generation)

    def quoted(self) -> Quoted:
        """Changed documents, or a sample of them, and a few of the others."""
        rows = self.ledger.passages.to_quote(self.generation, self.live, self.gate().quote_sample)
        extracted: Mapping[str, bool] = {row["path"]: row["extracted"] for row in rows}
        passages: dict[str, list[Passage]] = {path: [] for path in extracted}
        for one in self.ledger.passages.of_paths(self.generation, list(extracted)):
            passages[one.path].append(one)
        return Quoted(
            documents=(
                QuotedDocument(path, text, passages[path])
                for path, text in self.texts.read(self.generation, extracted)
            ),
            changed=int(rows[0]["changed"]) if rows else 0,
            git_sha=self.generation.git_sha,
        )

    @cached_property
    def live(self) -> Generation | None:
        """What is served now, unless it is this very generation."""
        live = self.ledger.generations.live(self.generation.agent_id)
        same = live is not None and live.generation_id == self.generation.generation_id
        return None if same else live

    @cached_property
    def before(self) -> Generation | None:
        """What it takes the place of: under another name too, where the folder was renamed."""
        if self.live or self.ledger.generations.live(self.agent()):
            return self.live
        ways = self.ledger.ways_back
        former = [str(one["former"]) for one in self.ledger.names.former(self.agent())]
        if now := next(filter(None, map(self.ledger.generations.live, former)), None):
            return now
        never = former and ways.last_served(self.agent()) is None
        return next(filter(None, map(ways.last_served, former)), None) if never else None

    @cached_property
    def _there(self) -> Description | None:
        return self.store.describe(self.collection)

    @cached_property
    def _passages(self) -> ScannedPassages:
        live = self.live
        known = live is not None and live.manifest.get("gate") == self.generation.manifest["gate"]
        scanned = (
            known and live is not None and all(_was_scanned(live.checks.get(one)) for one in _SCANS)
        )
        return ScannedPassages(self.ledger, self.generation, live if scanned else None)

    @cached_property
    def _lines(self) -> dict[str, str | None]:
        return {}


def sighting(ledger: Ledger, generation: Generation, dagster_run: str) -> Json | None:
    """Who looks, and at which writing of the colour; None while it is not known to be whole.

    Writers say in the ledger that they write before they do, so an equal sighting later means
    that no writer was there in between.
    """
    held = (
        ledger.aliases.colour(generation.agent_id, generation.colour) if generation.colour else None
    )
    if (
        held is None
        or held["state"] != "clean"
        or held["generation_id"] != generation.generation_id
    ):
        return None
    return {"dagster_run": dagster_run, "written_at": held["updated_at"].isoformat()}


def exactly(found: Audit) -> Verdict:
    """Say what a look at the collection found."""
    cure = "" if found.exact else " → ingest again: what is doubted is built anew"
    return Verdict(found.exact, f"{found.description}{cure}", found.facts())


def _size(generation: Generation) -> Size:
    return Size(generation.number, generation.documents, generation.chunks)


def _was_scanned(kept: Json | None) -> bool:
    """Whether the patterns of today looked, or nobody was to look."""
    facts: Json = (kept or {}).get("facts", {})
    return bool(facts.get("off")) or facts.get("scan") == SCAN_VERSION
