"""What an agent's documents call by several names, and other wordings of a question because of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from kb_contract.asking_words import only_asks
from kb_contract.entity_names import LONGEST_NAME

Pair = tuple[str, str]
"""Two names of one thing, folded."""
MOST_PAIRS: Final = 5_000
MOST_WORDINGS: Final = 2
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class OwnWords:
    """In how many chunks of a generation each pair of names is said to be one thing."""

    holding: Mapping[Pair, int]

    def changed(self, changes: Iterable[tuple[int, Iterable[Pair]]]) -> "OwnWords":
        """Count chunks in (1) and out (-1); each is given by its pairs."""
        holding = dict(self.holding)
        for step, pairs in changes:
            for pair in pairs:
                holding[pair] = holding.get(pair, 0) + step
        held = [(pair, many) for pair, many in holding.items() if many > 0]
        return OwnWords(dict(sorted(held, key=lambda one: (-one[1], one[0]))[:MOST_PAIRS]))

    def keep(self) -> list[list[Any]]:
        """Return the pairs as the ledger keeps them."""
        return [[*pair, many] for pair, many in self.holding.items()]

    @classmethod
    def kept(cls, said: Sequence[Sequence[Any]]) -> "OwnWords":
        """Read what `keep` made."""
        return cls({(one, other): many for one, other, many in said})

    def wordings(self, question: str) -> list[str]:
        """Say the question with the other names of what it names; none where it names nothing twice.

        The first wording takes the name that most passages give, the second the next one.
        """
        found = [one for one in self._named(question) if one[2]]
        made = [
            _replaced(question, [(start, end, others[turn]) for start, end, others in found
                                 if len(others) > turn])
            for turn in range(MOST_WORDINGS)
        ]  # fmt: skip
        return [one for one in dict.fromkeys(made) if one != question]

    def _named(self, question: str) -> list[tuple[int, int, list[str]]]:
        """Find names from left to right, the longest first, with the names that are not there yet."""
        words = list(_WORD.finditer(question))
        there = f" {' '.join(one[0].lower() for one in words)} "
        found: list[tuple[int, int, list[str]]] = []
        at = 0
        while at < len(words) and self._others:
            size = next((one for one in range(min(LONGEST_NAME, len(words) - at), 0, -1)
                         if self._others_of(words[at : at + one])), 0)  # fmt: skip
            if size:
                run = words[at : at + size]
                others = self._others_of(run)
                # Who says both names needs no other wording.
                missing = [] if any(f" {one} " in there for one in others) else others
                found.append((run[0].start(), run[-1].end(), missing))
            at += size or 1
        return found

    def _others_of(self, run: Sequence[re.Match[str]]) -> list[str]:
        said = " ".join(one[0] for one in run)
        name = said.lower()
        others = self._others.get(name) or self._others.get(name.removesuffix("s")) or []
        # "it" is no name, and "IT" may be one.
        return others if said.isupper() or not only_asks(name) else []

    @cached_property
    def _others(self) -> dict[str, list[str]]:
        others: dict[str, list[str]] = {}
        for (one, other), _ in sorted(self.holding.items(), key=lambda held: (-held[1], held[0])):
            others.setdefault(one, []).append(other)
            others.setdefault(other, []).append(one)
        return others


NO_OWN_WORDS: Final = OwnWords({})


def _replaced(text: str, places: Sequence[tuple[int, int, str]]) -> str:
    for start, end, name in reversed(places):
        text = text[:start] + name + text[end:]
    return text
