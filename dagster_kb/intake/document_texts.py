"""Documents as git has them at a generation's commit: what quotes are held against."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from dagster_kb.intake.parsing_child import Asked, Reading
from dagster_kb.intake.parsing_children import ParsingChildren
from dagster_kb.intake.reading_way import Way
from dagster_kb.readers.source_text import decode
from dagster_kb.resources.knowledge_folder import KnowledgeFolder, Revision
from kb_contract.errors import BadDocument
from kb_contract.generation import Generation

# Drawing text out of a PDF takes seconds, and it was done in this run already.
DRAWN_OUT_AGAIN: Final = 5


@dataclass(frozen=True)
class DocumentTexts:
    """Reads files again; what a reader drew out of a PDF or the like is drawn out again."""

    folder: KnowledgeFolder
    way: Way
    parsing: ParsingChildren

    def read(
        self, generation: Generation, documents: Mapping[str, bool]
    ) -> Iterator[tuple[str, str | None]]:
        """Give path and text; `documents` says of each path whether its text is drawn out.

        None for what git does not have there, or what is no text. Of those whose text is drawn
        out only a few are read.
        """
        revision = Revision(generation.git_sha, generation.tree_sha, None, generation.uncommitted)
        listed = self.folder.files(revision, generation.agent_id, documents)
        blobs = {one.path: one.blob_sha for one in listed
                 if one.path in documents and not one.refusal}  # fmt: skip
        yield from ((path, None) for path in documents if path not in blobs)
        plain = {path: sha for path, sha in blobs.items() if not documents[path]}
        for path, data in self._bytes(plain):
            yield path, _decoded(data)
        drawn = {path: sha for path, sha in blobs.items() if documents[path]}
        yield from self._drawn_out(generation, dict(islice(drawn.items(), DRAWN_OUT_AGAIN)))

    def _bytes(self, blobs: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
        read = self.folder.read(blobs.values())
        return ((path, data) for path, (_, data) in zip(blobs, read, strict=True))

    def _drawn_out(
        self, generation: Generation, blobs: Mapping[str, str]
    ) -> Iterator[tuple[str, str | None]]:
        if not blobs:
            return
        rules = self.way.of_agent(generation.manifest).rules
        asked = [Asked(path, data, rules) for path, data in self._bytes(blobs)]
        try:
            for one, reading in zip(
                asked, self.parsing.read_all(asked, expected=len(asked)), strict=True
            ):
                # A machine that is busy now says nothing about the document.
                if not reading.by_clock:
                    yield one.path, _text(reading)
        finally:
            self.parsing.rest()


def _text(reading: Reading) -> str | None:
    if reading.parsed is not None:
        return reading.parsed.text
    return reading.document.extracted_text if reading.document else None


def _decoded(data: bytes) -> str | None:
    try:
        return decode(data)
    except BadDocument:
        return None
