"""From bytes to text, nothing normalised; and the lines of that text as CommonMark sees them."""

import re
from dataclasses import dataclass
from typing import Final

from kb_contract.errors import BadDocument

MAX_TEXT_BYTES: Final = 5 * 1024 * 1024
MAX_LINES: Final = 250_000
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
LARGEST_LFS_POINTER: Final = 1023
_LFS_WHAT: Final = "this is a Git LFS pointer, the text itself is not in git"
_LFS_CURE: Final = "keep text in git itself: `git lfs migrate export --include=<path>`"
LFS_REFUSAL: Final = str(BadDocument(_LFS_WHAT, cure=_LFS_CURE))
_LINE_END: Final = re.compile(r"\r\n?|\n")
# UTF-32 first: its little-endian mark begins with UTF-16's.
_FOREIGN_MARKS: Final = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_BINARIES: Final = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive (or a DOCX, XLSX, PPTX)"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"SQLite format 3", "an SQLite database"),
)


def line_of(text: str, place: int) -> int:
    """Say on which line a place stands, from 1."""
    return sum(1 for _ in _LINE_END.finditer(text, 0, place)) + 1


def decode(data: bytes) -> str:
    """Decode strictly; a BOM stays the first character, and every line end stays as it is."""
    return decode_at_most(data, MAX_TEXT_BYTES)


def decode_at_most(data: bytes, largest: int) -> str:
    """Decode text of a format that has a limit of its own."""
    if len(data) > largest:
        raise BadDocument(
            f"{len(data):,} bytes of text, more than {largest:,}",
            cure="split it into several documents",
        )
    _refuse_foreign(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadDocument(
            f"byte {error.start} (line {line}) is not UTF-8: {data[error.start]:#04x}",
            cure="convert it, for example `iconv -f WINDOWS-1252 -t UTF-8`",
        ) from error


def refuse_other_than(data: bytes, magic: bytes, name: str, largest: int) -> None:
    """Refuse bytes that are not the binary format that the suffix says."""
    if is_lfs_pointer(data):
        raise BadDocument(_LFS_WHAT, cure=_LFS_CURE)
    if len(data) > largest:
        raise BadDocument(
            f"{len(data):,} bytes, more than {largest:,}", cure="split it into several documents"
        )
    # A PDF may begin with a few bytes of something else.
    if magic in data[: 1024 if magic == b"%PDF-" else len(magic)]:
        return
    other = next((what for head, what in _BINARIES if data.startswith(head)), "")
    if other.startswith("an old Office"):
        other = "an old or an encrypted Office document"
    what = f"this is {other}, not {name}" if other else f"this is not {name}"
    raise BadDocument(
        what if data else "the file is empty",
        cure="save it without a password in the format that its suffix says",
    )


def is_lfs_pointer(data: bytes) -> bool:
    """Tell whether this is Git LFS's note of a file that lies elsewhere."""
    return len(data) <= LARGEST_LFS_POINTER and data.startswith(_LFS_POINTER)


def _refuse_foreign(data: bytes) -> None:
    if is_lfs_pointer(data):
        raise BadDocument(_LFS_WHAT, cure=_LFS_CURE)
    for mark, name in _FOREIGN_MARKS:
        if data.startswith(mark):
            raise BadDocument(
                f"this is {name}, not UTF-8", cure=f"convert it: `iconv -f {name} -t UTF-8`"
            )
    for magic, name in _BINARIES:
        if data.startswith(magic):
            raise BadDocument(f"this is {name}, not text", cure="give it its true suffix")
    nul = data.find(b"\0")
    if nul >= 0:
        raise BadDocument(f"byte {nul} is NUL: {_why_nul(data)}", cure="convert it to UTF-8 text")


def _why_nul(data: bytes) -> str:
    head = data[:2000]
    half = len(head) // 2
    if half and (head[1::2].count(0) > half * 0.6 or head[::2].count(0) > half * 0.6):
        return "this looks like UTF-16 without a byte order mark"
    return "this is binary, or damaged"


@dataclass(frozen=True)
class Lines:
    """Where each line begins, counted as the Markdown parser counts lines."""

    starts: tuple[int, ...]
    """Offsets of the lines' first characters, then the end of the text."""

    @classmethod
    def of(cls, text: str, start: int = 0) -> "Lines":
        """Index `text[start:]`."""
        ends = [found.end() for found in _LINE_END.finditer(text, start)]
        if len(ends) > MAX_LINES:
            raise BadDocument(
                f"{len(ends):,} lines, more than {MAX_LINES:,}",
                cure="split it into several documents",
            )
        starts = [start, *ends]
        return cls(tuple(starts if starts[-1] == len(text) else [*starts, len(text)]))

    def span(self, first: int, stop: int) -> tuple[int, int]:
        """Offsets of the lines from `first` up to `stop`, not with it."""
        last = len(self.starts) - 1
        return self.starts[min(first, last)], self.starts[min(stop, last)]
