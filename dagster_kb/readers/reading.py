"""From a file's bytes to its chunks: the one way in for the writer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from dagster_kb.chunking.sections import CHUNKER_VERSION, ChunkDraft, Chunker
from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.readers.markdown import ParsedDocument, read_markdown
from dagster_kb.readers.plain_text import read_plain_text
from kb_contract.errors import BadDocument

READER_VERSION: Final = 1
_READERS: Final[dict[str, tuple[str, Callable[[bytes], ParsedDocument]]]] = {
    ".md": ("text/markdown", read_markdown),
    ".markdown": ("text/markdown", read_markdown),
    ".mdx": ("text/markdown", read_markdown),
    ".txt": ("text/plain", read_plain_text),
}


@dataclass(frozen=True)
class ReadDocument:
    """A document as the ledger keeps it; `front_matter` is JSON of `FrontMatter`."""

    title: str
    front_matter: dict[str, Any]
    status: str
    mime: str
    chunks: list[ChunkDraft]


def reader_id(chunk_tokens: int) -> str:
    """Name how documents are read: other versions or sizes make other documents."""
    return f"reader-{READER_VERSION}/chunker-{CHUNKER_VERSION}/{chunk_tokens}"


def claims(path: str) -> bool:
    """Tell whether a file is a document; images, hidden files and the like are ignored."""
    return not is_hidden(path) and PurePosixPath(path).suffix.lower() in _READERS


def is_hidden(path: str) -> bool:
    """Tell whether a file, or a folder that it lies in, is hidden."""
    return any(part.startswith(".") for part in PurePosixPath(path).parts)


def mime_of(name: str) -> str:
    """Return the media type of a file that is claimed."""
    return _reader(name)[0]


def read_document(
    name: str, data: bytes, *, chunk_tokens: int, count_tokens: TokenCounter
) -> ReadDocument:
    """Read and chunk one document; `name` chooses the reader, and is the place in an error."""
    mime, read = _reader(name)
    try:
        parsed = read(data)
        chunks = Chunker(chunk_tokens, count_tokens).chunk(parsed.text, parsed.blocks)
        if not chunks:
            raise BadDocument("there is no text in it", cure="write some, or remove the file")
    except BadDocument as error:
        place = ", ".join(part for part in (name, error.where) if part)
        raise BadDocument(error.what, where=place, cure=error.cure) from error
    return ReadDocument(
        title=parsed.title,
        front_matter=parsed.front_matter.model_dump(mode="json"),
        status=parsed.front_matter.status,
        mime=mime,
        chunks=chunks,
    )


def _reader(name: str) -> tuple[str, Callable[[bytes], ParsedDocument]]:
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _READERS:
        known = ", ".join(_READERS)
        raise BadDocument(
            f"no reader for {suffix or 'a file without a suffix'}",
            where=name,
            cure=f"use one of {known}",
        )
    return _READERS[suffix]
