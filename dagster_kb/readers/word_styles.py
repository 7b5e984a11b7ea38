"""What the styles of a DOCX make of a paragraph: a heading, an item of a list, a line of code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dagster_kb.readers.word_hidden import W, looked_up

_HEADING: Final = re.compile(r"(?:heading|überschrift|titre|título|titolo)\s*([1-9])")
# "Source" alone says where a picture was taken from.
_CODE: Final = re.compile(
    r"(?:source ?)?code(?: (?:block|text|char|example|listing|snippet)s?)?|(?:html )?preformatted.*"
)
_LEVELS: Final = {str(number): number + 1 for number in range(9)}


@dataclass(frozen=True)
class Style:
    """What a paragraph is that says nothing else itself."""

    name: str = ""
    level: int = 0
    """1 to 9 for headings."""
    depth: int | None = None
    """How deep items of a list lie; None for what are no items."""
    code: bool = False


def styles_of(elements: Mapping[str, Any]) -> dict[str, Style]:
    """Look every style up once, with all that it is based on."""
    return looked_up(elements, Style(), _based_on)


def named_level(name: str) -> int:
    """Return the level that the name of a style says, else 0."""
    named = _HEADING.match(name)
    return int(named[1]) if named else 0


def outline_level(node: Any, otherwise: int) -> int:
    """Return 1 to 9 for a heading, 0 for what says that it is the body's text."""
    said = node.find(f"{W}pPr/{W}outlineLvl")
    return otherwise if said is None else _LEVELS.get(said.get(f"{W}val"), 0)


def list_depth(node: Any, otherwise: int | None) -> int | None:
    """Tell how deep an item lies; None where numbering was taken away, or none is named."""
    numbered = node.find(f"{W}pPr/{W}numPr")
    if numbered is None:
        return otherwise
    kind, level = numbered.find(f"{W}numId"), numbered.find(f"{W}ilvl")
    # A level without a numbering of its own is one of its style's, if that has one.
    if otherwise is None if kind is None else kind.get(f"{W}val") == "0":
        return None
    said = level.get(f"{W}val", "0") if level is not None else "0"
    return int(said) if said.isdecimal() else 0


def _based_on(base: Style, element: Any) -> Style:
    said = element.find(f"{W}name")
    name = (said.get(f"{W}val") or "").lower() if said is not None else ""
    listed = name.startswith("list ") and "paragraph" not in name
    code = base.code or _CODE.fullmatch(name) is not None
    return Style(
        name=name,
        level=named_level(name) or outline_level(element, base.level),
        # Lines of code have numbers too.
        depth=None if code else list_depth(element, 0 if listed else base.depth),
        code=code,
    )
