"""From the files of a commit to documents in the ledger; only bytes never seen are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from dagster_kb.assembly import FileIdentity, NewDocument, PlacedDocument, StoredDocument, place
from dagster_kb.readers.reading import claims, is_hidden, mime_of, read_document, reader_id
from dagster_kb.readers.source_text import LARGEST_LFS_POINTER, LFS_REFUSAL, is_lfs_pointer
from dagster_kb.resources.embedder import Embedder
from dagster_kb.resources.knowledge_folder import GitFile
from dagster_kb.resources.ledger import Ledger
from dagster_kb.resources.vector_store import batches
from dagster_kb.telemetry import Stages
from kb_contract.errors import BadDocument, ScriptoriumError
from kb_contract.payload import CONTRACT_VERSION

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
class Way:
    """How documents are read; another way makes other documents of the same bytes."""

    embedder: Embedder
    chunk_tokens: int

    @property
    def name(self) -> str:
        """Readers, chunker, chunk size, tokenizer, and the contract that payloads follow."""
        return f"{reader_id(self.chunk_tokens)}/{self.embedder.tokenizer}/{CONTRACT_VERSION}"

    def of(self, path: str) -> str:
        """The same bytes under another suffix may be read otherwise."""
        return f"{self.name}/{mime_of(path)}"


@dataclass(frozen=True)
class DocumentIntake:
    """Reads what is new of an agent's files, and says what became of each."""

    ledger: Ledger
    way: Way
    agent: str
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
        done = 0
        for batch in batches(list(unread.values()), FILES_IN_A_COMMIT):
            kept = self._read_batch(batch, read, broken)
            self._keep(kept)
            known.update(
                {(one.identity.reader, one.identity.blob_sha): one.stored() for one in kept}
            )
            done += len(batch)
            advance(done, len(unread))
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
            elif claims(one.path) or (one.is_elsewhere and not is_hidden(one.path)):
                claimed.append(one)
            else:
                ignored.append(one)
        return claimed, ignored

    def _read_batch(
        self, batch: Sequence[GitFile], read: ReadBlobs, broken: dict[tuple[str, str], str]
    ) -> list[NewDocument]:
        self.stages.say("read.start", files=len(batch))
        with self.stages.stage("read", ending="read.end", files=len(batch)) as told:
            kept = list(self._read(batch, read, broken))
            told["document_ids"] = [str(one.document_id) for one in kept]
        return kept

    def _keep(self, kept: Sequence[NewDocument]) -> None:
        with self.stages.stage("chunk.persist", documents=len(kept)) as told:
            self.ledger.documents.keep(kept)
            told["chunks"] = sum(len(one.read.chunks) for one in kept if one.read)
            told["document_ids"] = [str(one.document_id) for one in kept]

    def _known(self, files: Sequence[GitFile]) -> dict[tuple[str, str], StoredDocument]:
        by_way: dict[str, list[str]] = {}
        for one in files:
            by_way.setdefault(self.way.of(one.path), []).append(one.blob_sha)
        return {
            (way, blob): document
            for way, blobs in by_way.items()
            for blob, document in self.ledger.documents.known(way, blobs).items()
        }

    def _read(
        self, files: Sequence[GitFile], read: ReadBlobs, broken: dict[tuple[str, str], str]
    ) -> Iterator[NewDocument]:
        data = dict(read([one.blob_sha for one in files]))
        for one in files:
            identity = FileIdentity(
                self.ledger.workspace, one.path, one.blob_sha, self.way.of(one.path),
                mime_of(one.path),
            )  # fmt: skip
            try:
                yield self._document(identity, data[one.blob_sha])
            except Exception as error:  # noqa: BLE001 - a reader's bug on one file stops no other
                # Not kept: a mended reader gets another try.
                broken[_key(self.way, one)] = f"the reader failed: {type(error).__name__}: {error}"

    def _document(self, identity: FileIdentity, data: bytes) -> NewDocument:
        try:
            found = read_document(
                identity.path, data,
                chunk_tokens=self.way.chunk_tokens, count_tokens=self.way.embedder.count_tokens,
            )  # fmt: skip
        except BadDocument as error:
            return NewDocument.of(identity, data, None, _reason(error, identity.path))
        return NewDocument.of(identity, data, found)

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


def _may_be_pointer(file: GitFile) -> bool:
    """A file that a reader claims is looked at by its reader."""
    readable = not (file.is_elsewhere or claims(file.path) or is_hidden(file.path))
    return readable and file.size <= LARGEST_LFS_POINTER


def _key(way: Way, file: GitFile) -> tuple[str, str]:
    return way.of(file.path), file.blob_sha


def _reason(error: ScriptoriumError, path: str) -> str:
    """Say what is wrong without the path: the same bytes may lie elsewhere tomorrow."""
    where = error.where.removeprefix(path).lstrip(", ")
    return str(BadDocument(error.what, where=where, cure=error.cure))
