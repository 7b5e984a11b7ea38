"""Where words of reStructuredText stand for themselves: what looks like markup there is none."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

LITERAL: Final = re.compile(
    r"\.\. +(?:code-block|code-tab|code-cell|code|sourcecode|parsed-literal|raw|math|doctest|graphviz|digraph|graph"
    r"|mermaid|uml|plantuml|testcode|testoutput|testsetup|testcleanup|ipython3?|console|prompt|productionlist"
    r"|jupyter-execute|plot) ?::",
    re.IGNORECASE,
)
_EXPLICIT: Final = re.compile(r"\.\.(?: |$)")
_MARK: Final = re.compile(r"(?:[-*+•‣⁃]|(?:\d+|[A-Za-z]|#|[ivxlcdm]+)[.)]|\([\dA-Za-z#]+\)) +")  # noqa: RUF001


def outside_literals(lines: Sequence[str]) -> Iterator[int]:
    """Give the lines that are not empty and not literal; `lines` are without blanks behind."""
    literal = -1
    for at, line in enumerate(lines):
        depth = depth_of(line)
        if not line or 0 <= literal < depth:
            continue
        yield at
        announced = line.endswith("::") and not _EXPLICIT.match(line, depth)
        literal = _text_begins(line) if announced or LITERAL.match(line, depth) else -1


def depth_of(line: str) -> int:
    """Say how far a line is indented."""
    return len(line) - len(line.lstrip(" "))


def _text_begins(line: str) -> int:
    """Say where the words of a line begin, behind the marks of lists."""
    at = depth_of(line)
    while mark := _MARK.match(line, at):
        at = mark.end()
    return at
