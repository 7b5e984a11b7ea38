"""Jupyter notebooks: cells one after the other, and the words among their outputs."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from dagster_kb.readers.contract_keys import DECIDING, STATES, collected, state_word
from dagster_kb.readers.extracted_text import ExtractedText, clean
from dagster_kb.readers.front_matter import BOM, parse_front_matter, split_front_matter
from dagster_kb.readers.markdown import HEADING_MARKS, HtmlTitle, read_markdown_text
from dagster_kb.readers.notebook_outputs import outputs_of, text_of
from dagster_kb.readers.parsed_document import ParsedDocument, one_line
from dagster_kb.readers.source_text import decode, decode_at_most
from kb_contract.errors import BadDocument

# Pictures lie in a notebook as base64, so its file is far larger than its words.
LARGEST_FILE: Final = 32 * 1024 * 1024
MOST_CELLS: Final = 20_000
# Above a raw cell that says something of the notebook stand at most titles and pictures.
_NO_TEXT: Final = re.compile(
    r"(?:\s|[ \t]*(?:#{1,6}(?=\s)|<|!\[|\[!\[)[^\n]*(?:\n|\Z)|[^\n]+\n=+[ \t]*(?:\n|\Z))*+"
)
# Programs of others write these into a notebook's metadata.
_OF_PROGRAMS: Final = frozenset({"hidden", "private"})


def read_notebook(data: bytes) -> ParsedDocument:
    """Read a notebook of format 4."""
    notebook = _parsed(data)
    language = _language(notebook)
    cells = cast("list[Any]", notebook["cells"])
    if len(cells) > MOST_CELLS:
        raise BadDocument(
            f"{len(cells):,} cells, more than {MOST_CELLS:,}",
            cure="split it into several notebooks",
        )
    _refuse_twice(notebook, cells)
    into = ExtractedText()
    front = _FrontMatter.of(notebook)
    notes: list[str] = []
    for number, cell in enumerate(cells):
        if not isinstance(cell, dict):
            raise BadDocument(f"cell {number} is not an object", cure="save it again in Jupyter")
        said = cast("dict[str, Any]", cell)
        words = front.without(said, clean(text_of(said.get("source"))))
        notes += [f"cell {number}, {one}" for one in _write_cell(said, words, language, into)]
    found = parse_front_matter(front.said)
    return into.document(found.title, found, notes)


@dataclass
class _FrontMatter:
    """What a notebook says of itself: in its metadata, its first cell, or its first raw one."""

    said: dict[str, Any]
    is_first: bool = True
    is_above: bool = True
    """Neither text nor code nor a raw cell came yet."""

    @classmethod
    def of(cls, notebook: dict[str, Any]) -> "_FrontMatter":
        about: Any = notebook.get("metadata")
        pairs = cast("dict[str, Any]", about) if isinstance(about, dict) else {}
        said = collected(
            (key, _plain(value)) for key, value in pairs.items() if _is_said(key, value)
        )
        return cls({key: value for key, value in said.items() if key in DECIDING})

    def without(self, cell: dict[str, Any], words: str) -> str:
        """Take front matter out of a cell's words; a `---` at their top may be a line as well."""
        kind = cell.get("cell_type")
        is_empty = not words.strip()
        if (kind == "raw" and self.is_above) or (kind == "markdown" and self.is_first):
            split = split_front_matter(words, may_be_rule=True)
            self.said = collected([*self.said.items(), *split.said.items()])
            # What is told of the rest counts the lines of the whole cell.
            words = "\n" * words.count("\n", 0, split.body_start) + words[split.body_start :]
        has_no_text = kind == "markdown" and _NO_TEXT.fullmatch(words) is not None
        self.is_first = self.is_first and is_empty
        self.is_above = self.is_above and (is_empty or has_no_text)
        return words


def _is_said(key: str, value: Any) -> bool:
    """Tell whether a key of the metadata may be the author's; where it is unclear whom it is for, it is."""
    name = key.strip().lower()
    if name == "status":
        return state_word(value) in STATES
    return name == "audience" or (
        name not in _OF_PROGRAMS and isinstance(value, str | bool | int | float | list)
    )


def _plain(value: Any) -> Any:
    """Say a value of JSON as front matter does."""
    if isinstance(value, bool | int | float):
        return str(value).lower()
    return value


def _write_cell(
    cell: dict[str, Any], words: str, language: str, into: ExtractedText
) -> Sequence[str]:
    """Add a cell, and say what of it is left out by mistake."""
    kind = cell.get("cell_type")
    if kind == "markdown":
        return _write_markdown(words, into)
    if kind == "code":
        into.code(words, language)
        for output in outputs_of(cell):
            into.code(output, "text")
    else:
        into.add("prose", words)
    return ()


class _Doubled(dict[str, Any]):
    """An object of JSON that has a key twice: which one holds is for each program to guess."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Doubled(found)


def _refuse_twice(notebook: dict[str, Any], cells: list[Any]) -> None:
    """Refuse a key that is there twice where it decides what is served; in outputs it may be."""
    for place, one in (
        ("the notebook", notebook),
        *((f"cell {at}", one) for at, one in enumerate(cells)),
    ):
        about = cast("dict[str, Any]", one).get("metadata") if isinstance(one, dict) else None
        if isinstance(one, _Doubled) or isinstance(about, _Doubled):
            raise BadDocument(
                f"{place} has a key twice, in itself or in its metadata",
                cure="remove one of them, or save it again in Jupyter",
            )


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        source = decode_at_most(data, LARGEST_FILE).removeprefix(BOM)
        found = json.loads(source, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise BadDocument(
            f"it is not JSON: {one_line(str(error))}", cure="save it again in Jupyter"
        ) from error
    notebook = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise BadDocument(
            "it is not a notebook of format 4",
            cure="convert it: `jupyter nbconvert --to notebook --nbformat 4`",
        )
    return notebook


def _language(notebook: dict[str, Any]) -> str:
    about: Any = notebook.get("metadata")
    for key in ("language_info", "name"):
        about = cast("dict[str, Any]", about).get(key) if isinstance(about, dict) else None
    return about if isinstance(about, str) and re.fullmatch(r"[\w+#-]{1,30}", about) else ""


def _write_markdown(words: str, into: ExtractedText) -> Sequence[str]:
    """Add a cell's blocks; headings reach over the cells after it."""
    text = decode(words.encode("utf-8", "replace"))
    parsed = read_markdown_text(text)
    for block in parsed.blocks:
        said = text[block.start : block.end]
        html = HtmlTitle.of(said) if block.kind in ("heading", "html") else None
        if html:
            into.path.enter(html.level, html.words)
        if block.kind == "heading" and not html:
            level = len(said) - len(said.lstrip("#")) or (1 if said.rstrip().endswith("=") else 2)
            name = block.heading_path[-1] if block.heading_path else ""
            into.heading(level, HEADING_MARKS.sub("", said).strip(), name)
        else:
            into.add(block.kind, said, block.columns, goes_on=block.goes_on)
    return parsed.notes
