"""What is left of somebody's Markdown made inert: it loads nothing, links nowhere, and poses as no citation."""

import re
from collections.abc import Callable
from typing import Final

# As many as there are private characters to stand for them.
_MOST_SPANS: Final = 60_000
_STAND_INS: Final = 0xF0000
_STAND_IN: Final = re.compile(f"[{chr(_STAND_INS)}-{chr(_STAND_INS + _MOST_SPANS)}]")
_BACKTICKS: Final = re.compile(r"(?<!`)(?P<run>`+)(?!`)")
# Only where nothing can be around it: a fence of a list item ends with its item.
_OPENED: Final = re.compile(r"(`{3,}(?=[^`]*$)|~{3,})")
# An even number of backslashes before a mark leaves it alive.
_ALIVE: Final = r"(?<!\\)((?:\\\\)*)"
_MARKS: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Numbers in brackets are ours: they lead to citations.
        (r"\[(\d{1,4})\]", r"(\1)"),
        (r"!\[", r"!\\["),
        # With a colon it is a definition: it hides itself, and gives its name an address elsewhere.
        (r"\](?=[(\[:])", r"]\\"),
        (_ALIVE + r"(?=<[A-Za-z/!?])", r"\1\\"),
        (_ALIVE + r"(?=`)", r"\1\\"),
        (r"(?<!\\)\\(?:\\\\)*(?=" + _STAND_IN.pattern + ")", r"\g<0>\\"),
        # What stood between two pieces of code was taken out: they stay two.
        (f"({_STAND_IN.pattern})(?={_STAND_IN.pattern})", r"\1 "),
        (r"^( {0,3})(?=~~~)", r"\1\\"),
    )
)


def inert(text: str) -> str:
    """Escape the marks of a line that has no code in it."""
    for pattern, replacement in _MARKS:
        text = pattern.sub(replacement, text)
    return text


def outside_blocks(text: str, change: Callable[[str], str]) -> str:
    """Change whole lines; code between backticks or in fences stays as it is."""
    shown, fence = list[str](), ""
    for line in text.split("\n"):
        if fence:
            shown.append(line)
            fence = "" if _closes(line, fence) else fence
        else:
            fence = _opened(line)
            shown.append(line if fence else around_code(line, change))
    return "\n".join([*shown, fence] if fence else shown)


def is_block(text: str) -> bool:
    """Whether it is a block of code from its first line to its last."""
    first, *lines = text.split("\n")
    fence = _opened(first)
    ends = [number for number, line in enumerate(lines, start=1) if fence and _closes(line, fence)]
    return ends[:1] == [len(lines)]


def _opened(line: str) -> str:
    found = _OPENED.match(line)
    return found[1] if found else ""


def _closes(line: str, fence: str) -> bool:
    return bool(re.fullmatch(rf" {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*", line))


def around_code(line: str, change: Callable[[str], str]) -> str:
    """Change all of a line but its code, which is shown as it is written."""
    spans: list[str] = []
    kept, place = list[str](), 0
    while (opened := _alive_run(line, place)) and len(spans) < _MOST_SPANS:
        closed = _closing(line, opened)
        end = closed or opened.end()
        kept.append(line[place : opened.start()])
        if closed:
            kept.append(chr(_STAND_INS + len(spans)))
            spans.append(re.sub(r"\[(\d{1,4})\]", r"(\1)", line[opened.start() : closed]))
        else:
            kept.append(opened[0])
        place = end
    changed = change("".join([*kept, line[place:]]))
    return _STAND_IN.sub(lambda one: spans[ord(one[0]) - _STAND_INS], changed)


def _alive_run(line: str, place: int) -> re.Match[str] | None:
    """Return the next run of backticks that no backslash stands before."""
    while found := _BACKTICKS.search(line, place):
        before = line[: found.start()]
        if (len(before) - len(before.rstrip("\\"))) % 2 == 0:
            return found
        place = found.start() + 1
    return None


def _closing(line: str, opened: re.Match[str]) -> int | None:
    """Return where code ends: at the next run of as many backticks."""
    runs = _BACKTICKS.finditer(line, opened.end())
    return next((one.end() for one in runs if len(one[0]) == len(opened[0])), None)
