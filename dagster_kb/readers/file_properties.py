"""What Office files and PDFs say of their state and their rights, in their properties."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final
from xml.etree import ElementTree as ET

from dagster_kb.readers.contract_keys import DECIDING, HOLDS_BACK, collected, state_word
from dagster_kb.readers.front_matter import FrontMatter, parse_front_matter
from dagster_kb.readers.parsed_document import ParsedDocument
from dagster_kb.readers.reading_rules import ReadingRules
from kb_contract.errors import BadDocument

_PARTS: Final = ("docProps/core.xml", "docProps/custom.xml")


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
    kept = (pair for pair in pairs if not _is_of_the_program(*pair))
    said = {key: value for key, value in collected(kept).items() if key in DECIDING}
    if "audience" in said:
        said["audience"] = [one.strip() for one in said["audience"].split(",")]
    return parse_front_matter(said)


def _is_of_the_program(key: str, value: str) -> bool:
    """Office's own status may be `Final` or `Reviewed`: only one that holds back is meant."""
    is_status = key.strip().lower() == "status"
    return is_status and state_word(value) not in HOLDS_BACK["status"]
