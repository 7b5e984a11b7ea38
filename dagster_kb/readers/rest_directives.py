"""What directives of reStructuredText are called: `.. confval:: name` names all that is indented below it."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from dagster_kb.chunking.named_spans import LONGEST
from dagster_kb.readers.parsed_document import one_line
from dagster_kb.readers.rest_literals import LITERAL, depth_of, outside_literals

_NAMED: Final = re.compile(r"\.\. +(?P<kind>[\w.:+-]*\w) ?::\s+(?P<name>\S.*)")
# What stands behind these is the first of their words, or how they are shown.
_NAMES_NOTHING: Final = frozenset(
    {
        *("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"),
        *("seealso", "todo", "versionadded", "versionchanged", "versionremoved", "deprecated"),
        *("figure", "image", "include", "literalinclude", "toctree", "list-table", "csv-table"),
        *("table", "only", "ifconfig", "container", "rst-class", "cssclass", "highlight"),
        *("index", "meta", "grid", "grid-item", "tabs", "role", "default-role", "replace", "date"),
        *("unicode", "sectionauthor", "codeauthor", "module", "currentmodule", "epigraph"),
        *("tabularcolumns", "contents", "cards", "hlist", "compound", "line-block", "footer"),
    }
)


def named_directives(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Give of each such directive its lines, from and to, and what it is called: `confval html_theme`."""
    within: list[tuple[int, int, str]] = []
    for at in outside_literals(lines):
        depth = depth_of(lines[at])
        while within and within[-1][0] >= depth:
            _, first, name = within.pop()
            yield first, at, name
        if name := _name_at(lines[at], depth):
            within.append((depth, at, name))
    yield from ((first, len(lines), name) for _, first, name in within)


def _name_at(line: str, depth: int) -> str:
    said = _NAMED.match(line, depth)
    if not said or LITERAL.match(line, depth) or said["kind"].lower() in _NAMES_NOTHING:
        return ""
    return one_line(f"{said['kind']} {said['name']}", LONGEST)
