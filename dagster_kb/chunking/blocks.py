"""What a reader hands to the chunker."""

from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "prose", "list", "quote", "code", "table", "html"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the source that belongs together: `source[start:end]`.

    A heading's own path ends with the heading itself.
    """

    kind: BlockKind
    start: int
    end: int
    heading_path: tuple[str, ...]
    page: int | None = None
    """From 1, where the format has pages; no chunk reaches over two."""
    goes_on: bool = False
    """A table that began on the page before."""
    columns: str = ""
    """What a table's columns are called, where its reader knows and the rows do not say so themselves."""
    rows: tuple[int, ...] = ()
    """Where the rows of a table begin, but for its first, where they are not its lines."""
    silent: bool = False
    """Shows a reader nothing: it goes with what is beside it, and is never a chunk of its own."""


def is_apart(text: str, end: int, start: int) -> bool:
    """Tell whether words lie between two places: what a reader left out is in no chunk."""
    return bool(text[end:start].strip())
