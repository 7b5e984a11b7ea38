"""What Office files and PDFs say of their state and their rights, in their properties."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Final
from xml.etree import ElementTree as ET

from dagster_kb.readers.contract_keys import DECIDING, HOLDS_BACK, collected, right_of, state_word
from dagster_kb.readers.front_matter import FrontMatter, parse_front_matter
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument

_PARTS: Final = ("docProps/core.xml", "docProps/custom.xml")
_NO_DATE: Final = frozenset({"no", "none", "never", "n/a", "-", "false"})
_NUMBERS: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d.*|" + _NUMBERS.pattern)


def with_office_properties(read: Callable[[bytes], ParsedDocument], data: bytes) -> ParsedDocument:
    """Read an Office file, and the status and the custom properties of the archive."""
    parsed = read(data)
    # Now it is known to be no bomb, and to declare nothing.
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        there = set(parts.namelist())
        try:
            trees = [ET.fromstring(parts.read(one)) for one in _PARTS if one in there]  # noqa: S314
        except ET.ParseError as error:
            raise BadDocument(
                f"its properties cannot be read: {error}",
                cure="open it in its program, and save it again",
            ) from error
    pairs = (pair for tree in trees for pair in _properties(tree))
    return replace(parsed, front_matter=_front_matter(pairs))


def with_pdf_information(
    read: Callable[[bytes, ReadingRules], ParsedDocument], data: bytes, rules: ReadingRules
) -> ParsedDocument:
    """Read a PDF, and of its information what decides, however keys are written."""
    parsed = read(data, rules)
    import pypdfium2  # noqa: PLC0415 (native code; only PDFs need it)

    names = [name for key in DECIDING for name in (key, key.capitalize(), key.upper())]
    document = pypdfium2.PdfDocument(data)
    try:
        pairs = [(name, document.get_metadata_value(name)) for name in names]
    finally:
        document.close()
    return replace(parsed, front_matter=_front_matter(pair for pair in pairs if pair[1]))


def _properties(tree: ET.Element) -> Iterator[tuple[str, str]]:
    for one in tree:
        name = one.get("name") or ("status" if one.tag.endswith("}contentStatus") else "")
        if name:
            yield name, "".join(one.itertext()).strip()


def _front_matter(pairs: Iterable[tuple[str, str]]) -> FrontMatter:
    kept = (_plain(*pair) for pair in pairs if pair[1] and not _is_of_the_program(*pair))
    try:
        said = {key: value for key, value in collected(kept).items() if key in DECIDING}
        if "audience" in said:
            said["audience"] = [one.strip() for one in said["audience"].split(",")]
        return parse_front_matter(said)
    except BadDocument as error:
        raise BadDocument(
            error.what,
            where="the file's properties",
            cure="in its program, correct this property (groups as `hr, legal`, a date as `2026-12-31`), "
            "or delete it there: in Office under File, Info, Properties, Advanced, Custom",
        ) from error


def _plain(key: str, value: str) -> tuple[str, str]:
    """Take a right by the name that programs give it, where a date leaves no doubt."""
    right = right_of(key)
    if right not in ("effective", "expires") or not _DATED.fullmatch(value):
        return key, value
    return right, _careful_date(right, value)


def _careful_date(right: str, value: str) -> str:
    """Read `01/02/2024` as whichever of both days serves the document for less long."""
    found = _NUMBERS.fullmatch(value)
    if not found:
        return value
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    days: list[date] = []
    for month, day in ((first, second), (second, first)):
        with suppress(ValueError):
            days.append(date(year, month, day))
    if not days:
        return value
    return (max(days) if right == "effective" else min(days)).isoformat()


def _is_of_the_program(key: str, value: str) -> bool:
    """Office's own status may be `Final` or `Reviewed`: only one that holds back is meant."""
    if key.strip().lower() == "status":
        return state_word(value) not in HOLDS_BACK["status"]
    return right_of(key) in ("effective", "expires") and state_word(value) in _NO_DATE
