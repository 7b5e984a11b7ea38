"""From the files of a commit to documents in the ledger; only bytes never seen are read."""

import mimetypes
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from dagster_kb.assembly import (
    FileIdentity,
    NewDocument,
    PlacedDocument,
    StoredDocument,
    place,
)
from dagster_kb.intake.parsing_child import Asked, Reading, keepable, reason_of
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.intake.reading_way import Way
from dagster_kb.readers.reading import chunk_document, claims, is_hidden, mime_of
from dagster_kb.readers.source_text import LARGEST_LFS_POINTER, LFS_REFUSAL, is_lfs_pointer
from dagster_kb.resources.git_files import GitFile
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.progress import WorkProgress
from dagster_kb.telemetry import Stages
from kb_contract.errors import BadDocument, BadInput, BadSetting, BadVector, ScriptoriumError

FILES_IN_A_COMMIT: Final = 64


ReadBlobs = Callable[[Iterable[str]], Iterator[tuple[str, bytes]]]


@dataclass(frozen=True)
class Intake:
    """What became of the files, and how much work it was."""

    documents: tuple[PlacedDocument, ...]
    read: int
    ignored: tuple[str, ...]
    """Files that no reader claims."""


@dataclass(frozen=True)
class DocumentIntake:
    """Reads what is new of an agent's files, and says what became of each."""

    ledger: Ledger
    way: Way
    agent: str
    parsing: ParsingChildren
    stages: Stages = field(default_factory=Stages)

    def run(
        self, files: Sequence[GitFile], read: ReadBlobs, advance: Callable[[int, int], None]
    ) -> Intake:
        """Keep new documents batch by batch, so that a crash costs one batch."""
        claimed, ignored = self._sorted(files, read)
        known = self._known([one for one in claimed if not one.refusal])
        unread = {_key(self.way, one): one for one in claimed
                  if not one.refusal and _key(self.way, one) not in known}  # fmt: skip
        broken: dict[tuple[str, str], str] = {}
        progress = WorkProgress(
            "reading", "files", len(unread), sum(one.size for one in unread.values()), advance,
            self.stages.say,
        )  # fmt: skip
        with closing(self._read(list(unread.values()), read)) as readings:
            while batch := self._read_batch(readings, progress, broken):
                kept = [one for one in batch if one]
                self._keep(kept)
                if progress.done == len(batch):
                    self._warm(kept, len(unread) / len(batch))
                known.update(
                    {(one.identity.reader, one.identity.blob_sha): one.stored() for one in kept}
                )
        placed = tuple(self._place(one, known, broken) for one in claimed)
        return Intake(placed, len(unread), tuple(one.path for one in ignored))

    def _sorted(
        self, files: Sequence[GitFile], read: ReadBlobs
    ) -> tuple[list[GitFile], list[GitFile]]:
        """Part what must be placed from what is ignored; what git only points at is named."""
        small = [one for one in files if _may_be_pointer(one)]
        pointers = {sha for sha, data in read(dict.fromkeys(one.blob_sha for one in small))
                    if is_lfs_pointer(data)}  # fmt: skip
        claimed: list[GitFile] = []
        ignored: list[GitFile] = []
        for one in files:
            if _may_be_pointer(one) and one.blob_sha in pointers:
                claimed.append(replace(one, refusal=one.refusal or LFS_REFUSAL))
            elif claims(one.inside) or (one.is_elsewhere and not is_hidden(one.inside)):
                claimed.append(one)
            else:
                ignored.append(one)
        return claimed, ignored

    def _read_batch(
        self, readings: Iterator["_Read"], progress: WorkProgress,
        broken: dict[tuple[str, str], str],
    ) -> list[NewDocument | None]:  # fmt: skip
        """Take what was read; while the caller keeps it, the children read on."""
        done, total = progress.done, progress.total
        files = min(total - done, FILES_IN_A_COMMIT)
        if not files:
            return []
        self.stages.say("read.start", files=files, done=done, total=total)
        batch: list[NewDocument | None] = []
        with self.stages.stage("read", ending="read.end", files=files) as told:
            for one in islice(readings, files):
                batch.append(self._document(one, broken))
                progress.advance(1, one.file.size)
            told["document_ids"] = [str(one.document_id) for one in batch if one]
        return batch

    def _keep(self, kept: Sequence[NewDocument]) -> None:
        with self.stages.stage("chunk.persist", documents=len(kept)) as told:
            self.ledger.documents.keep(kept)
            told["chunks"] = sum(len(one.read.chunks) for one in kept if one.read)
            told["document_ids"] = [str(one.document_id) for one in kept]

    def _warm(self, first: Sequence[NewDocument], times: float) -> None:
        """Have the model made ready for about what the first batch foretells, while others are read."""
        digests = {row["embed_sha256"] for one in first for row in one.chunk_rows()}
        space = self.way.embedder.space.space_id
        if new := self.ledger.embeddings.unknown(space, digests):
            self.way.embedder.warm(round(new * times))

    def _known(self, files: Sequence[GitFile]) -> dict[tuple[str, str], StoredDocument]:
        by_way: dict[str, list[str]] = {}
        for one in files:
            by_way.setdefault(self.way.of(one.path), []).append(one.blob_sha)
        return {
            (way, blob): document
            for way, blobs in by_way.items()
            for blob, document in self.ledger.documents.known(way, blobs).items()
        }

    def _read(self, files: Sequence[GitFile], read: ReadBlobs) -> Generator["_Read"]:
        asked: deque[tuple[GitFile, bytes]] = deque()

        def ask() -> Iterator[Asked]:
            rules = self.way.rules
            for one, (_, data) in zip(files, read(one.blob_sha for one in files), strict=True):
                asked.append((one, data))
                yield Asked(one.path, data, rules)

        try:
            with closing(self.parsing.read_all(ask(), expected=len(files))) as readings:
                for reading in readings:
                    yield _Read(*asked.popleft(), reading)
        finally:
            self.parsing.rest()

    def _document(self, one: "_Read", broken: dict[tuple[str, str], str]) -> NewDocument | None:
        """Make a document of a reading, or say why there is none to keep."""
        path, reading = one.file.path, self._cut(one)
        identity = FileIdentity(
            self.ledger.workspace, path, one.file.blob_sha, self.way.of(path), mime_of(path)
        )
        if reading.document or reading.refusal:
            return NewDocument.of(identity, one.data, reading.document, reading.refusal)
        if reading.stopped and not reading.by_clock:
            return NewDocument.of(identity, one.data, None, reading.stopped, stopped=1)
        # Not kept, so that the next run tries again: a reader is mended, and a machine is not
        # always busy. What meets a limit of its own doing is kept when it does so in a second run.
        said = reading.stopped or f"the reader failed: {reading.failure}"
        broken[_key(self.way, one.file)] = said
        return None

    def _cut(self, one: "_Read") -> Reading:
        """Cut here what needs the model, which no child has; its bytes were read there."""
        if one.reading.parsed is None:
            return one.reading
        path, parsed, embedder = one.file.path, one.reading.parsed, self.way.embedder
        try:
            cut = chunk_document(
                path, parsed, self.way.rules,
                count_tokens=embedder.count_tokens, embed=embedder.embed,
            )  # fmt: skip
            return Reading(keepable(cut))
        except BadDocument as error:
            return Reading(refusal=reason_of(error, path))
        except (BadInput, BadVector) as error:
            if isinstance(error, BadSetting):
                raise
            # A provider's word, which may be another one tomorrow.
            return Reading(failure=f"it cannot be cut by its meaning: {error}")
        except ScriptoriumError:
            raise  # no document's fault
        except Exception as error:  # noqa: BLE001 - a mistake with one file stops no other
            return Reading(failure=f"{type(error).__name__}: {error}")

    def _place(
        self, file: GitFile, known: Mapping[tuple[str, str], StoredDocument],
        broken: Mapping[tuple[str, str], str],
    ) -> PlacedDocument:  # fmt: skip
        # What is refused may have a suffix that no reader has, so it has no key.
        found = None if file.refusal else known.get(_key(self.way, file))
        if found is None:
            reason = file.refusal or broken[_key(self.way, file)]
            return PlacedDocument(file.path, file.blob_sha, None, "quarantined", reason)
        return place(file.path, file.blob_sha, self.agent, found)


@dataclass(frozen=True)
class _Read:
    """A file, its bytes, and what its reader said."""

    file: GitFile
    data: bytes
    reading: Reading


def _may_be_pointer(file: GitFile) -> bool:
    """A file that a reader claims is looked at by its reader; of a picture nothing is missed."""
    readable = not (file.is_elsewhere or claims(file.inside) or is_hidden(file.inside))
    return readable and file.size <= LARGEST_LFS_POINTER and not _is_for_the_eye(file.path)


def _is_for_the_eye(path: str) -> bool:
    kind = (mimetypes.guess_type(path)[0] or "").partition("/")[0]
    return kind in {"image", "video", "audio", "font"}


def _key(way: Way, file: GitFile) -> tuple[str, str]:
    return way.of(file.path), file.blob_sha
