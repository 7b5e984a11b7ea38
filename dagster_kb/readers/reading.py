"""From a file's bytes to its chunks: the one way in for the writer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dagster_kb.chunking.named_spans import with_names
from dagster_kb.chunking.parted_lines import with_lines
from dagster_kb.chunking.sections import CHUNKER_VERSION, ChunkDraft
from dagster_kb.chunking.semantic import MOST_SENTENCES, Embed, is_short_enough
from dagster_kb.chunking.strategies import chunk_blocks
from dagster_kb.chunking.table_headers import with_headers
from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.readers.file_names import new_words_of_name
from dagster_kb.readers.formats import FORMATS, Format, suffix_of
from dagster_kb.readers.front_matter import FrontMatter
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.embedding_space import FILE_NAME
from kb_contract.errors import BadDocument

READER_VERSION: Final = 5
# The status of a page that is meant to hold no text: as a draft it is kept, and not served.
FRONT_MATTER_ONLY: Final = "front matter only"


@dataclass(frozen=True)
class ReadDocument:
    """A document as the ledger keeps it; `front_matter` is JSON of `FrontMatter`."""

    title: str
    front_matter: dict[str, Any]
    status: str
    mime: str
    chunks: list[ChunkDraft]
    extracted_text: str | None = None
    """What the chunks' offsets are into, where that is not the file itself as UTF-8."""
    notes: tuple[str, ...] = ()
    """What of the document could not be read, for a person; the rest is published."""


def reader_id(rules: ReadingRules | int) -> str:
    """Name how documents are read: other versions or rules make other documents."""
    said = rules if isinstance(rules, ReadingRules) else ReadingRules(rules)
    return f"reader-{READER_VERSION}/chunker-{CHUNKER_VERSION}/{said.name}"


def claims(path: str) -> bool:
    """Tell whether a file, by its path in the agent's folder, is a document; hidden ones are not."""
    return not is_hidden(path) and suffix_of(path) in FORMATS


def is_hidden(path: str) -> bool:
    """Tell whether a file, or a folder that it lies in, is hidden."""
    return path.startswith(".") or "/." in path


def mime_of(name: str) -> str:
    """Return the media type of a file that is claimed."""
    return _format(name).mime


def reading_of(name: str) -> str:
    """Name the format's own way of being read, for a file that is claimed."""
    return _format(name).reading


def read_document(
    name: str,
    data: bytes,
    *,
    count_tokens: TokenCounter,
    rules: ReadingRules | None = None,
    chunk_tokens: int = 200,
    embed: Embed | None = None,
) -> ReadDocument:
    """Read and chunk one document; without `rules`, by headings into `chunk_tokens`."""
    agreed = rules or ReadingRules(chunk_tokens)
    parsed, feasible = within_bounds(parse_document(name, data, agreed), agreed, count_tokens)
    return chunk_document(name, parsed, feasible, count_tokens=count_tokens, embed=embed)


def within_bounds(
    parsed: ParsedDocument, rules: ReadingRules, count_tokens: TokenCounter
) -> tuple[ParsedDocument, ReadingRules]:
    """Cut what is too long to be cut by meaning by its headings, with a note that says so."""
    if rules.strategy != "semantic" or is_short_enough(
        parsed.text, parsed.blocks, rules.tokens, count_tokens
    ):
        return parsed, rules
    note = (
        f"more than {MOST_SENTENCES:,} sentences are not cut by meaning but by headings → "
        "split it into several documents, or choose headings as chunking.strategy"
    )
    return replace(parsed, notes=(*parsed.notes, note)), replace(rules, strategy="headings")


def parse_document(name: str, data: bytes, rules: ReadingRules) -> ParsedDocument:
    """Do the part that hostile bytes can harm; `name` chooses the reader, and is the place."""
    chosen = _format(name)
    try:
        return chosen.read(data, rules)
    except BadDocument as error:
        raise _at(name, error) from error


def chunk_document(
    name: str,
    parsed: ParsedDocument,
    rules: ReadingRules,
    *,
    count_tokens: TokenCounter,
    embed: Embed | None = None,
) -> ReadDocument:
    """Cut what was parsed; only the semantic strategy needs `embed`."""
    try:
        chunks = chunk_blocks(parsed.text, parsed.blocks, rules.cutting, count_tokens, embed)
        if not chunks and not _says_only_what_it_is(parsed):
            raise BadDocument("there is no text in it", cure="write some, or remove the file")
    except BadDocument as error:
        raise _at(name, error) from error
    told = with_names(parsed.named, with_headers(parsed.text, parsed.blocks, chunks))
    return ReadDocument(
        title=parsed.title,
        front_matter=_said(name, parsed),
        status=_status(parsed, chunks),
        mime=mime_of(name),
        chunks=with_lines(parsed.text, parsed.blocks, told),
        extracted_text=parsed.text if parsed.extracted else None,
        notes=parsed.notes,
    )


def _says_only_what_it_is(parsed: ParsedDocument) -> bool:
    """Tell a page of front matter alone, as site generators have them; of a text drawn out, or with notes, more was lost."""
    is_whole = not parsed.extracted and not parsed.notes
    return is_whole and parsed.front_matter != FrontMatter()


def _status(parsed: ParsedDocument, chunks: Sequence[ChunkDraft]) -> str:
    said = parsed.front_matter.status
    return said if chunks or said != FrontMatter().status else FRONT_MATTER_ONLY


def _said(name: str, parsed: ParsedDocument) -> dict[str, Any]:
    """Return what the document says of itself, and what its file's name adds to its title."""
    said = parsed.front_matter.model_dump(mode="json")
    if words := new_words_of_name(name, parsed.title):
        said["extra"] = {FILE_NAME: words, **said["extra"]}
    return said


def _at(name: str, error: BadDocument) -> BadDocument:
    place = ", ".join(part for part in (name, error.where) if part)
    return BadDocument(error.what, where=place, cure=error.cure)


def _format(name: str) -> Format:
    suffix = suffix_of(name)
    if suffix not in FORMATS:
        known = ", ".join(FORMATS)
        raise BadDocument(
            f"no reader for {suffix or 'a file without a suffix'}",
            where=name,
            cure=f"use one of {known}",
        )
    return FORMATS[suffix]
