"""Pure: a text in the parts by which deletions are known that earlier versions kept.

Of those nothing but digests is there, and what they tell of must stay away as it did.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_BLOCK_END: Final = re.compile(r"\n\s*\n|\n(?=#)")
_MARKER: Final = re.compile(r"^(?:[-*+•>]|\d+[.)])\s+")
_FENCE: Final = ("```", "~~~")


def parts_as_before(text: str) -> set[str]:
    """Parts by every cut that there was."""
    blocks = list(_without_fences(text))
    items = (_MARKER.sub("", line) for block in blocks for line in block)
    wholes = (*_with_fences(text), *map(" ".join, blocks), *items)
    return {part for one in wholes for part in _SENTENCE_END.split(one) if part}


def _with_fences(text: str) -> Iterable[str]:
    """As before lines were told apart: a fence's marks were words."""
    blocks = (" ".join(one.split()) for one in _BLOCK_END.split(text))
    return (one for one in blocks if not one.startswith("#"))


def _without_fences(text: str) -> Iterator[list[str]]:
    """As before what begins with `#` counted: only behind a fence it was no heading."""
    block, fenced = list[str](), False
    for line in (" ".join(one.split()) for one in text.splitlines()):
        fence = line.startswith(_FENCE)
        if line and not fence and (fenced or not line.startswith("#")):
            block.append(line)
            continue
        fenced ^= fence
        if block:
            yield block
            block = []
    if block:
        yield block
