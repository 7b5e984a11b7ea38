"""What a run would be: documents, chunks, texts to embed, minutes; before any of it is done."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dagster_kb.intake.parsing_child import Asked, Reading
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.intake.reading_way import Way
from dagster_kb.readers.formats import suffix_of
from dagster_kb.readers.reading import claims
from dagster_kb.resources.git_files import GitFile
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.ledger_reports import ASSUMED_PACE
from kb_contract.chat_models.by_api import is_by_api
from kb_contract.errors import BadInput
from kb_contract.identifiers import sha256_text

# Read to know how much text a byte of each kind of file is.
SAMPLE_OF_A_KIND: Final = 6
# Embedded to know how fast that is here, where no run was measured yet.
CALIBRATION_TEXTS: Final = 48
# Below this nothing is worth measuring.
SMALL_TEXTS: Final = 300
LETTERS_OF_A_TOKEN: Final = 4
Unread = tuple[Way, GitFile]


@dataclass(frozen=True)
class Look:
    """What git and the ledger know without reading a document."""

    documents: int
    unread: tuple[Unread, ...]
    chunks: int
    tokens: int
    texts: int
    missing: int
    known: tuple[UUID, ...] = ()
    """Documents that were read before."""

    @property
    def is_small(self) -> bool:
        """Whether it is over before an estimate would be."""
        size = sum(one.size for _, one in self.unread)
        return self.missing + size / (LETTERS_OF_A_TOKEN * 100) < SMALL_TEXTS


@dataclass(frozen=True)
class Estimate:
    """What is told before a run."""

    agents: int
    documents: int
    documents_to_read: int
    chunks: int
    tokens: int
    texts_in_store: int
    texts_to_embed: int
    seconds: float
    texts_per_second: float
    pace_from: str
    """`past runs`, `a calibration`, or `an assumption`."""
    sampled: int
    """Documents that were read for it."""
    money: float | None = 0.0
    """Dollars for what is to be embedded; a model that runs on this machine costs none. None: not known."""

    @property
    def minutes(self) -> float:
        return self.seconds / 60


@dataclass(frozen=True)
class Sampled:
    """What a sample of the unread documents came to."""

    chunks: float
    tokens: float
    seconds: float
    documents: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Estimator:
    """Looks at the folder and the ledger, reads a few documents, and says what the rest would be."""

    folder: KnowledgeFolder
    ledger: Ledger
    way: Way
    parsing: ParsingChildren

    def look(self, revisions: Mapping[str, Revision]) -> Look:
        """Look at these agents; one whose settings are broken would be refused, so it costs nothing."""
        documents, unread, ids = 0, list[Unread](), list[UUID]()
        for agent, revision in revisions.items():
            found = self._readable(agent, revision)
            documents += sum(len(files) for _, files in found)
            for way, files in found:
                known = self._known(way, files)
                ids += known.values()
                unread += {one.blob_sha: (way, one) for one in files
                           if one.blob_sha not in known}.values()  # fmt: skip
        counted = self.ledger.reports.known_chunks(ids, self.way.embedder.space.space_id)
        return Look(documents, tuple(unread), known=tuple(ids), **counted)

    def estimate(self, look: Look, agents: int) -> Estimate:
        sample = self._sample(look.unread)
        texts = round(look.missing + sample.chunks)
        chunks, tokens = look.chunks + sample.chunks, look.tokens + sample.tokens
        pace, source = self._pace(texts, sample.texts)
        return Estimate(
            agents=agents,
            documents=look.documents,
            documents_to_read=len(look.unread),
            chunks=round(chunks),
            tokens=round(tokens),
            texts_in_store=look.texts - look.missing,
            texts_to_embed=texts,
            seconds=round(texts / pace + sample.seconds, 1),
            texts_per_second=round(pace, 1),
            pace_from=source,
            sampled=sample.documents,
            money=self._money(texts * tokens / max(chunks, 1)),
        )

    def _readable(self, agent: str, revision: Revision) -> list[tuple[Way, list[GitFile]]]:
        try:
            manifest = self.folder.agent_settings(revision, agent).manifest
        except BadInput:
            return []
        files = [one for one in self.folder.files(revision, agent)
                 if not one.refusal and claims(one.inside)]  # fmt: skip
        return [(self.way.of_agent(manifest), files)]

    def _known(self, way: Way, files: Sequence[GitFile]) -> dict[str, UUID]:
        by_way: dict[str, list[str]] = {}
        for one in files:
            by_way.setdefault(way.of(one.path), []).append(one.blob_sha)
        return {
            blob: stored.document_id
            for name, blobs in by_way.items()
            for blob, stored in self.ledger.documents.known(name, blobs).items()
        }

    def _sample(self, unread: Sequence[Unread]) -> Sampled:
        chunks = tokens = seconds = 0.0
        texts: list[str] = []
        documents = 0
        for kind in _kinds(unread).values():
            chosen = spread(kind, SAMPLE_OF_A_KIND)
            began = time.perf_counter()
            counted = [self._counted(*one) for one in self._read(chosen)]
            share = sum(one.size for _, one in kind) / max(sum(one.size for _, one in chosen), 1)
            chunks += share * sum(len(one) for one, _ in counted)
            tokens += share * sum(size for _, size in counted)
            seconds += (time.perf_counter() - began) * len(kind) / len(chosen)
            texts += [text for one, _ in counted for text in one]
            documents += len(chosen)
        return Sampled(chunks, tokens, seconds, documents, tuple(texts))

    def _read(self, chosen: Sequence[Unread]) -> Iterator[tuple[Way, Reading]]:
        blobs = dict(self.folder.read([one.blob_sha for _, one in chosen]))
        asked = (Asked(one.path, blobs[one.blob_sha], way.rules) for way, one in chosen)
        try:
            with closing(self.parsing.read_all(asked, expected=len(chosen))) as readings:
                yield from zip((way for way, _ in chosen), readings, strict=True)
        finally:
            self.parsing.rest()

    def _counted(self, way: Way, reading: Reading) -> tuple[list[str], int]:
        """Texts and tokens; what is not read, or is cut with the model later, is judged by length."""
        if reading.document:
            drafts = reading.document.chunks
            return [one.text for one in drafts], sum(one.tokens for one in drafts)
        length = len(reading.parsed.text) // LETTERS_OF_A_TOKEN if reading.parsed else 0
        return [""] * -(-length // max(way.chunk_tokens, 1)), length

    def _money(self, tokens: float) -> float | None:
        price = self.way.embedder.dollars_a_token
        return None if price is None else round(tokens * price, 6)

    def _pace(self, texts: int, sample: Iterable[str]) -> tuple[float, str]:
        space = self.way.embedder.space.space_id
        if measured := self.ledger.reports.pace(space):
            return measured, "past runs"
        tried = [one for one in dict.fromkeys(sample) if one][:CALIBRATION_TEXTS]
        # A provider would be paid for texts that are embedded again afterwards.
        if is_by_api(self.way.embedder.space.model):
            return ASSUMED_PACE, "an assumption"
        if texts < SMALL_TEXTS or len(tried) < CALIBRATION_TEXTS // 2:
            return ASSUMED_PACE, "an assumption"
        return calibrated(self.way.embedder.embed, tried), "a calibration"


def calibrated(embed: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Measure texts per second; the first call loads the model, so it is not measured."""
    embed(texts[:1])
    began = time.perf_counter()
    embed(texts)
    return len(texts) / max(time.perf_counter() - began, 1e-6)


def spread(kind: Sequence[Unread], most: int) -> Sequence[Unread]:
    """Pure: some of them, from small to large, the same ones each time."""
    by_size = sorted(kind, key=lambda one: (one[1].size, sha256_text(one[1].path)))
    if len(by_size) <= most:
        return by_size
    return [by_size[round((2 * place + 1) * len(by_size) / (2 * most))] for place in range(most)]


def _kinds(
    unread: Sequence[Unread],
) -> dict[str, list[Unread]]:
    found: dict[str, list[Unread]] = {}
    for one in unread:
        found.setdefault(suffix_of(one[1].path), []).append(one)
    return found
