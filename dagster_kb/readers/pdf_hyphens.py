"""Words that a PDF's lines break: whether the hyphen is a typesetter's or the word's own."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dagster_kb.readers.pdf_lines import Line

HYPHEN: Final = "\xad"
"""How the end of a broken line is marked."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True)
class BrokenWords:
    """Joins them as the rest of the document writes them."""

    known: frozenset[str]

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "BrokenWords":
        """Look at all words where any is broken."""
        said = [line.text for line in lines]
        if not any(one.endswith(HYPHEN) for one in said):
            return cls(frozenset())
        # What stands at a line's end or head may be half a word.
        whole = {word.casefold() for one in said for word in _WORD.findall(one)[1:-1]}
        return cls(frozenset(whole | {half for one in whole for half in one.split("-")}))

    def joined(self, words: str, more: str) -> str:
        """Go on with the next line."""
        if not words.endswith(HYPHEN):
            return f"{words} {more}" if words else more
        words = words.removesuffix(HYPHEN)
        return words + ("-" if self._is_own(words, more) else "") + more

    def _is_own(self, words: str, more: str) -> bool:
        """Tell `cloud-` and `native` from `hydrau-` and `lic`."""
        first, second = _WORD.findall(words)[-1:], _WORD.findall(more)[:1]
        if not first or not second or not more[0].islower():
            return True
        one, other = first[0].casefold(), second[0].casefold()
        if one + other in self.known:
            return False
        return f"{one}-{other}" in self.known or {one, other} <= self.known
