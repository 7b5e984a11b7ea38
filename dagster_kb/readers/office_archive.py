"""DOCX, PPTX and XLSX are ZIP archives: what is refused before a library opens one."""

import io
import re
import zipfile
from typing import Final

from dagster_kb.readers.source_text import refuse_other_than
from kb_contract.errors import BadDocument

LARGEST_FILE: Final = 64 * 1024 * 1024
MOST_PARTS: Final = 10_000
LARGEST_UNPACKED: Final = 200 * 1024 * 1024
LARGEST_XML: Final = 48 * 1024 * 1024
# Real XML parts shrink 10 to 60 times; a bomb shrinks a thousand times.
LARGEST_RATIO: Final = 200
_RATIO_FREE: Final = 1024 * 1024
_DECLARATIONS: Final = (b"<!DOCTYPE", b"<!ENTITY")
_PIECE: Final = 256 * 1024
# What programs write where nobody named the file.
_FROM_A_PROGRAM: Final = re.compile(
    r"microsoft (?:word|powerpoint|excel) - |powerpoint[ -]pr[eä]sentation$|slide 1$|about:blank"
    r"|untitled|unbenannt|ohne titel|sans titre|camscanner|scanned (?:document|by|with)"
    r"|(?:new |neues )?(?:book|mappe|document|dokument|presentation|pr[eä]sentation|workbook|scan|title)"
    r"[ _]?\d*$"
    r"|[(<\[]?(?:anonymous|unspecified|unknown|none|null|no title|not set)[)>\]]?$"
)
_SUFFIXES: Final = (
    ".doc", ".docx", ".docm", ".dot", ".dotx", ".odt", ".rtf", ".tex", ".dvi", ".ps", ".txt", ".html",
    ".htm", ".pdf", ".ppt", ".pptx", ".odp", ".xls", ".xlsx", ".xlsm", ".ods", ".indd", ".qxd", ".ai",
    ".eps", ".jpg", ".jpeg", ".png", ".tif", ".tiff",
)  # fmt: skip


def open_office(data: bytes, name: str) -> io.BytesIO:
    """Check an archive whole, and return it for its library."""
    refuse_other_than(data, b"PK\x03\x04", name, LARGEST_FILE)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive)
    except BadDocument:
        raise
    except Exception as error:  # a damaged archive fails in a dozen ways
        raise BadDocument(
            f"its ZIP archive is damaged or encrypted: {error}",
            cure="open it in its program, and save it again without a password",
        ) from error
    return io.BytesIO(data)


def _check(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise _bomb(f"{len(parts):,} parts, more than {MOST_PARTS:,}")
    if len({one.filename for one in parts}) < len(parts):
        raise BadDocument("its archive has a part twice", cure="save it again in its program")
    total = xml = 0
    for part in parts:
        # What the directory says may be a lie, so what comes out is counted.
        size = _unpacked(archive, part)
        total += size
        xml += size if _is_xml(part) else 0
        if size > _RATIO_FREE and size > LARGEST_RATIO * max(part.compress_size, 1):
            raise _bomb(f"{part.filename} grows {size // max(part.compress_size, 1)} times")
        if total > LARGEST_UNPACKED:
            raise _bomb(f"more than {LARGEST_UNPACKED:,} bytes unpacked")
        if xml > LARGEST_XML:
            raise _bomb(f"more than {LARGEST_XML:,} bytes of XML unpacked")


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> int:
    size = 0
    tail = b""
    with archive.open(part) as unpacking:
        while piece := unpacking.read(_PIECE):
            size += len(piece)
            if size > LARGEST_UNPACKED:
                raise _bomb(f"{part.filename} has more than {LARGEST_UNPACKED:,} bytes")
            if _is_xml(part):
                _refuse_declarations(tail + piece, part.filename)
                tail = piece[-32:]
    return size


def _refuse_declarations(piece: bytes, name: str) -> None:
    # UTF-16 is XML too; its NULs out of the way, both spellings look alike.
    plain = piece.replace(b"\0", b"")
    if any(one in plain for one in _DECLARATIONS):
        raise BadDocument(
            f"{name} declares a document type or entities, which Office never does",
            cure="open it in its program, and save it again",
        )


def _is_xml(part: zipfile.ZipInfo) -> bool:
    return part.filename.lower().endswith((".xml", ".rels", ".vml"))


def _bomb(what: str) -> BadDocument:
    return BadDocument(f"too large to open: {what}", cure="split it into several documents")


def sane_title(said: object) -> str:
    """Take a title from a file's properties unless it is a program's or a file's name."""
    title = " ".join(str(said or "").split())
    lowered = title.lower()
    poor = (
        len(title) < 4
        or len(title) > 200
        or _FROM_A_PROGRAM.match(lowered)
        or lowered.endswith(_SUFFIXES)
        or not any(one.isalpha() for one in title)
    )
    return "" if poor else title
