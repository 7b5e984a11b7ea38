"""Jupyter notebooks: cells one after the other, and the words among their outputs."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, cast

from dagster_kb.readers.extracted_text import ExtractedText, clean
from dagster_kb.readers.front_matter import BOM
from dagster_kb.readers.markdown import read_markdown
from dagster_kb.readers.parsed_document import ParsedDocument, one_line
from dagster_kb.readers.source_text import decode_at_most
from kb_contract.errors import BadDocument

# Pictures lie in a notebook as base64, so its file is far larger than its words.
LARGEST_FILE: Final = 32 * 1024 * 1024
MOST_CELLS: Final = 20_000
LONGEST_OUTPUT: Final = 2_000
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


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
    into = ExtractedText()
    title = ""
    for number, cell in enumerate(cells):
        if not isinstance(cell, dict):
            raise BadDocument(f"cell {number} is not an object", cure="save it again in Jupyter")
        said = cast("dict[str, Any]", cell)
        words = clean(_text(said.get("source")))
        if said.get("cell_type") == "markdown":
            title = _write_markdown(words, into, first=number == 0) or title
        elif said.get("cell_type") == "code":
            into.code(words, language)
            for output in _outputs(said):
                into.code(output, "text")
        else:
            into.add("prose", words)
    return into.document(title or None)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(decode_at_most(data, LARGEST_FILE).removeprefix(BOM))
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


def _write_markdown(words: str, into: ExtractedText, *, first: bool) -> str:
    """Add a cell's blocks; headings reach over the cells after it."""
    # Only the first cell may have front matter; elsewhere `---` is a line.
    body = words if first else f"\n{words}"
    parsed = read_markdown(body.encode("utf-8", "replace"))
    for block in parsed.blocks:
        said = parsed.text[block.start : block.end]
        if block.kind == "heading":
            level = len(said) - len(said.lstrip("#")) or (1 if said.rstrip().endswith("=") else 2)
            into.heading(level, block.heading_path[-1] if block.heading_path else said)
        else:
            into.add(block.kind, said)
    return parsed.front_matter.title or ""


def _outputs(cell: dict[str, Any]) -> Iterator[str]:
    left = LONGEST_OUTPUT
    outputs = cell.get("outputs")
    for output in cast("list[Any]", outputs) if isinstance(outputs, list) else []:
        if isinstance(output, dict) and left > 0:
            words = _COLOURS.sub("", _said(cast("dict[str, Any]", output))).strip("\n")
            if words.strip():
                yield words[:left] + ("\n…" if len(words) > left else "")
                left -= len(words)


def _said(output: dict[str, Any]) -> str:
    """Take the words of an output; an error's name and message, not its traceback."""
    if output.get("output_type") == "stream":
        return _text(output.get("text"))
    if output.get("output_type") == "error":
        return f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}"
    shown = output.get("data")
    return _text(cast("dict[str, Any]", shown).get("text/plain")) if isinstance(shown, dict) else ""


def _text(said: Any) -> str:
    """Join what may be one text or a list of lines."""
    if isinstance(said, str):
        return said
    lines = cast("list[Any]", said) if isinstance(said, list) else []
    return "".join(one for one in lines if isinstance(one, str))
