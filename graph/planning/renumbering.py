"""Says a question with another number of things in it: who learns to plan must see that the number counts."""

import random
import re
from typing import Final

from graph.classification.spelling import fold
from graph.planning.needs_labels import Outline
from graph.planning.sides import counted_numeral

_WORDS: Final = {2: "two", 3: "three", 4: "four", 5: "five"}
# "The two bids: Weber's and Lang's" names as many as it counts.
_NAMED_TOO: Final = re.compile(r"[:(]")


def can_be_renumbered(query: str, right: Outline) -> bool:
    """Tell whether a numeral in the question says how many things are looked up."""
    numeral = counted_numeral(fold(query))
    counted = numeral is not None and numeral.count == right.count("knowledge")
    return counted and right.count("knowledge") in _WORDS and not _NAMED_TOO.search(query)


def renumbered(query: str, right: Outline, chance: random.Random) -> tuple[str, Outline]:
    """Return the question with another number, and what is right then; only where that can be done."""
    numeral = counted_numeral(fold(query))
    if numeral is None:
        return query, right
    other = chance.choice([one for one in _WORDS if one != numeral.count])
    said = str(other) if numeral.text.isdigit() else _WORDS[other]
    text = f"{query[: numeral.start]}{said}{query[numeral.start + len(numeral.text) :]}"
    return text, Outline((other, *right.counts[1:]), right.shape)
