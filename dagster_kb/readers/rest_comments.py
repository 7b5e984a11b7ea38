"""Where authors of reStructuredText comment words out: `.. words`, which is no directive or target."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from dagster_kb.chunking.splitting import Span
from dagster_kb.readers.rest_literals import depth_of, outside_literals
from dagster_kb.readers.rest_tables import end_of_simple

_EXPLICIT: Final = re.compile(r"\.\.(?: +(?P<words>.*))?$")
_NO_COMMENT: Final = re.compile(
    r"_|\[[^\]]+\](?:\s|$)|\|[^|]+\||[^\W_]\w*(?:[-.+:][^\W_]\w*)* ?::(?:\s|$)"
)
# What a next line ends without an empty one: an item, a line of a block of lines, a field, an option.
_ENDS_AT_ONCE: Final = re.compile(r"(?:[-*+•‣⁃|]|:[^:]+:|-{1,2}\w[^ ]*)(?: |$)")  # noqa: RUF001
_END_OF_TABLE: Final = re.compile(r"=+(?: +=+)+|\+[-=+]+\+")
_MOST_LINES: Final = 200
_LINE_ACROSS: Final = re.compile(r"([!-/:-@[-`{-~])\1+")


def commented_out(lines: Sequence[str]) -> Iterator[Span]:
    """Give ranges of lines; `lines` are without blanks behind.

    In a simple table two dots are a first cell that is empty.
    """
    end = 0
    for at in outside_literals(lines):
        depth = depth_of(lines[at])
        explicit = _EXPLICIT.match(lines[at], depth)
        table = None if explicit else end_of_simple(lines, at)
        if at < end or not (explicit or table) or not _may_begin(lines, at):
            continue
        if table:
            end = table
        elif explicit and not _NO_COMMENT.match(explicit["words"] or ""):
            end = _end_of(lines, at, depth)
            yield at, end


def _may_begin(lines: Sequence[str], at: int) -> bool:
    """Within a paragraph two dots are words of it."""
    if at == 0 or not lines[at - 1]:
        return True
    above, depth = lines[at - 1], depth_of(lines[at])
    words = above.lstrip()
    ends = _LINE_ACROSS.fullmatch(above) or _END_OF_TABLE.fullmatch(words)
    return (
        depth_of(above) > depth
        or bool(ends)
        or words.startswith("..")
        or _is_below_items(lines, at, depth)
    )


def _is_below_items(lines: Sequence[str], at: int, depth: int) -> bool:
    """Tell whether all above, up to an empty line, are items; what goes on below a paragraph is of it."""
    for line in reversed(lines[max(0, at - _MOST_LINES) : at]):
        if not line or line.startswith("..", depth) or _LINE_ACROSS.fullmatch(line):
            return True
        if depth_of(line) < depth or (
            depth_of(line) == depth and not _ENDS_AT_ONCE.match(line, depth)
        ):
            return False
    return True


def _end_of(lines: Sequence[str], at: int, depth: int) -> int:
    """A comment reaches as far as lines are indented; an empty one ends at an empty line."""
    end = at + 1
    if lines[at][depth:] == ".." and (end == len(lines) or not lines[end]):
        return end
    last = end
    while end < len(lines) and (not lines[end] or depth_of(lines[end]) > depth):
        end += 1
        last = end if lines[end - 1] else last
    return last
