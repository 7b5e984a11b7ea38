"""The words among the outputs of a notebook's cells."""

import re
from collections.abc import Iterator
from typing import Any, Final, cast

from dagster_kb.readers.html_page import read_html
from kb_contract.errors import BadDocument

LONGEST_OUTPUT: Final = 2_000
# Programs draw with more; what a person reads is far shorter.
_LARGEST_PAGE: Final = 1024 * 1024
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Names only the object that shows something, as plain text does beside what is shown.
_OBJECT: Final = re.compile(
    r"\s*\[?<(?:[\w.]+ object(?: at 0x\w+)?|[\w.]+ at 0x\w+|Figure size [^>]*|Axes\w*:[^>]*)>\]?\s*"
)


def outputs_of(cell: dict[str, Any]) -> Iterator[str]:
    """Say what a cell's outputs say, up to a length for all of them."""
    left = LONGEST_OUTPUT
    outputs = cell.get("outputs")
    for output in cast("list[Any]", outputs) if isinstance(outputs, list) else []:
        if isinstance(output, dict) and left > 0:
            words = _COLOURS.sub("", _said(cast("dict[str, Any]", output))).strip("\n")
            if words.strip():
                yield words[:left] + ("\n…" if len(words) > left else "")
                left -= len(words)


def text_of(said: Any) -> str:
    """Join what may be one text or a list of lines."""
    if isinstance(said, str):
        return said
    lines = cast("list[Any]", said) if isinstance(said, list) else []
    return "".join(one for one in lines if isinstance(one, str))


def _said(output: dict[str, Any]) -> str:
    """Take the words of an output; an error's name and message, not its traceback."""
    if output.get("output_type") == "stream":
        return text_of(output.get("text"))
    if output.get("output_type") == "error":
        return f"{text_of(output.get('ename'))}: {text_of(output.get('evalue'))}"
    shown = output.get("data")
    return _shown(cast("dict[str, Any]", shown) if isinstance(shown, dict) else {})


def _shown(kinds: dict[str, Any]) -> str:
    if words := text_of(kinds.get("text/markdown")):
        return words
    plain = text_of(kinds.get("text/plain"))
    if plain.strip() and not _OBJECT.fullmatch(plain):
        return plain
    return text_of(kinds.get("text/latex")) or _words_of(text_of(kinds.get("text/html")))


def _words_of(page: str) -> str:
    """Say what a person sees of a page; what cannot be read is left out as a picture is."""
    if len(page) > _LARGEST_PAGE:
        return ""
    try:
        return read_html(page.encode("utf-8", "replace")).text
    except BadDocument:
        return ""
